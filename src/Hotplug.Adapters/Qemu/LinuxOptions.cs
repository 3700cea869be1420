using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>Which kernel, which QEMU, which agent: everything that the linux machine is made from.</summary>
/// <param name="Kernel">The compressed kernel (bzImage).</param>
/// <param name="Modules">A directory that holds its modules somewhere below.</param>
/// <param name="Agent">The static guest agent.</param>
/// <param name="Qemu">The emulator.</param>
/// <param name="Store">Where booted guests are kept for the next run.</param>
public sealed record LinuxOptions(string Kernel, string Modules, string Agent, string Qemu, string Store)
{
    private const string StoreName = ".hotplug";

    /// <summary>
    /// Where guests have their sockets and consoles while they run: memory is best, for struct pages pass through it.
    /// </summary>
    public string Scratch { get; init; } = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    /// <summary>How QEMU runs the guest: <c>tcg</c>, <c>kvm</c>, or null to find out which works.</summary>
    public string? Accelerator { get; init; }

    /// <summary>How long a guest may take to boot, at each of several tries.</summary>
    public TimeSpan BootLimit { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long the guest's agent may take to answer.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Compare what the guest says of its pages with what QEMU reads from outside, at every
    /// observation.</summary>
    public bool ComparesChannels { get; init; }

    /// <summary>Kernel versions that scripts/fetch-kernel knows.</summary>
    public static IReadOnlyList<string> Versions { get; } = ["6.1", "6.12"];

    /// <summary>
    /// Finds what scripts/fetch-kernel and scripts/build-agent made, from the current directory upwards. Throws
    /// <see cref="HarnessException"/> naming what is missing and the command that makes it.
    /// </summary>
    public static LinuxOptions Find(string version) => FindFrom(Directory.GetCurrentDirectory(), version);

    /// <summary>As <see cref="Find"/>, from this directory upwards.</summary>
    public static LinuxOptions FindFrom(string directory, string version) => FromStore(StoreAbove(directory), version);

    /// <summary>A kernel of the caller's own, with QEMU and the agent where <see cref="Find"/> finds them.</summary>
    public static LinuxOptions Own(string kernel, string modules)
    {
        var store = StoreAbove(Directory.GetCurrentDirectory());
        return new LinuxOptions(Present(kernel, "--kernel names it"), PresentDirectory(modules, "--modules names it"),
            AgentIn(store), QemuIn(store), Path.Combine(store, "saved"));
    }

    private static LinuxOptions FromStore(string store, string version)
    {
        var kernel = Path.Combine(store, "kernels", version);
        var fetch = $"run scripts/fetch-kernel {version}";
        return new LinuxOptions(Present(Path.Combine(kernel, "vmlinuz"), fetch),
            PresentDirectory(Path.Combine(kernel, "modules"), fetch), AgentIn(store), QemuIn(store),
            Path.Combine(store, "saved"));
    }

    private static string AgentIn(string store) =>
        Present(Path.Combine(store, "agent", "hotplug-agent"), "run scripts/build-agent");

    private static string QemuIn(string store)
    {
        var unpacked = Path.Combine(store, "qemu", "qemu-system-x86_64");
        if (File.Exists(unpacked))
            return unpacked;
        foreach (var directory in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
            if (Path.Combine(directory, "qemu-system-x86_64") is var installed && File.Exists(installed))
                return installed;
        throw new HarnessException("there is no qemu-system-x86_64: run scripts/fetch-kernel qemu");
    }

    private static string StoreAbove(string directory)
    {
        for (var at = directory; at is not null; at = Path.GetDirectoryName(at))
            if (Directory.Exists(Path.Combine(at, StoreName)))
                return Path.Combine(at, StoreName);
        return Path.Combine(directory, StoreName);
    }

    private static string Present(string path, string remedy) =>
        File.Exists(path) ? path : throw new HarnessException($"there is no {path}: {remedy}");

    private static string PresentDirectory(string path, string remedy) =>
        Directory.Exists(path) ? path : throw new HarnessException($"there is no directory {path}: {remedy}");
}
