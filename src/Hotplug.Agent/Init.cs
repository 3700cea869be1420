using System.Text;

namespace Hotplug.Agent;

/// <summary>
/// Process 1: mounts, loads modules, keeps an agent and a victim alive. Does as little as possible: it cannot be
/// killed.
/// </summary>
internal static unsafe class Init
{
    private const int RestartPauseMs = 50;
    private static readonly string[] s_environment = ["DOTNET_gcServer=0"];

    internal static int Run()
    {
        Libc.Mount("proc", "/proc", "proc");
        Libc.Mount("sysfs", "/sys", "sysfs");
        Libc.Mount("devtmpfs", "/dev", "devtmpfs");
        Libc.Mount("debugfs", "/sys/kernel/debug", "debugfs");
        Libc.Mount("tracefs", "/sys/kernel/tracing", "tracefs");
        Libc.Mount("ramfs", "/ram", "ramfs");
        LoadModules();
        var victim = Spawn("victim");
        var lives = 0;
        var agent = Spawn("agent", "0");
        while (true)
        {
            int status;
            var ended = Libc.waitpid(-1, &status, 0);
            Libc.Pause(RestartPauseMs);
            if (ended == victim)
                victim = Spawn("victim");
            else if (ended == agent)
                agent = Spawn("agent", (++lives).ToString());
        }
    }

    // Listed one per line, in the order in which they need each other.
    private static void LoadModules()
    {
        foreach (var name in Files.Read("/modules/order").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var file = Libc.Open("/modules/" + name, Libc.OpenRead);
            var errno = file < 0 ? Libc.ErrnoOf(file) : Libc.LoadModule(file);
            if (errno != 0)
                Files.Write("/dev/kmsg", $"<1>agent: cannot load {name}: errno {errno}");
            Libc.Close(file);
        }
    }

    private static int Spawn(params string[] arguments)
    {
        var words = new List<byte[]>();
        foreach (var word in (string[])["/init", .. arguments, .. s_environment])
            words.Add(Encoding.UTF8.GetBytes(word + '\0'));
        var handles = words.ConvertAll(static w => System.Runtime.InteropServices.GCHandle.Alloc(w,
            System.Runtime.InteropServices.GCHandleType.Pinned));
        var list = stackalloc byte*[words.Count + 2];
        var next = 0;
        for (var i = 0; i < words.Count; i++)
        {
            if (i == arguments.Length + 1)
                list[next++] = null;
            list[next++] = (byte*)handles[i].AddrOfPinnedObject();
        }

        list[next] = null;
        int process;
        var errno = Libc.posix_spawn(&process, list[0], null, null, list, list + arguments.Length + 2);
        foreach (var handle in handles)
            handle.Free();
        return errno == 0 ? process : -1;
    }
}
