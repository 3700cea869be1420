using System.Diagnostics;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// A QEMU process and its directory. A shell between us and QEMU waits for the end of our end of a pipe: however we end
/// – disposed of, interrupted, killed – it kills QEMU and deletes the directory.
/// </summary>
internal sealed class GuestProcess : IDisposable
{
    // $1 the directory, $2 a saved guest or nothing, the rest QEMU. It runs in a session of its own: Ctrl-C is for us.
    // The file "ended" tells that QEMU is gone, with its exit code.
    private const string Supervisor = """
        trap '' INT TERM HUP
        dir=$1 saved=$2; shift 2
        if [ -n "$saved" ]; then exec 9<"$saved"; fi
        {
            sh -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$@" >"$dir/qemu.log" 2>&1 </dev/null
            echo $? >"$dir/ended"
        } &
        exec 9<&-
        read -r _ || :
        until [ -s "$dir/pid" ]; do :; done
        [ -e "$dir/ended" ] || kill -9 "$(cat "$dir/pid")" 2>/dev/null
        wait
        rm -rf "$dir"
        """;

    private const int LongestTail = 8_000;

    private readonly Process _shell;
    private bool _disposed;

    private GuestProcess(string directory, Process shell) => (Directory, _shell) = (directory, shell);

    /// <summary>Holds the sockets, the console and QEMU's own messages.</summary>
    internal string Directory { get; }

    internal string MonitorPath => Path.Combine(Directory, "qmp");

    internal string AgentPath => Path.Combine(Directory, "agent");

    internal string ConsolePath => Path.Combine(Directory, "console");

    /// <summary>QEMU is gone.</summary>
    internal bool HasEnded => File.Exists(Path.Combine(Directory, "ended"));

    /// <summary>The end of what the guest printed on its console.</summary>
    internal string ConsoleTail => Tail(ConsolePath);

    /// <summary>The end of what QEMU itself printed.</summary>
    internal string QemuTail => Tail(Path.Combine(Directory, "qemu.log"));

    /// <summary>Starts a guest afresh, or from where it was saved.</summary>
    internal static GuestProcess Start(LinuxOptions options, GuestShape shape, string initramfs, string? saved)
    {
        var directory = NewDirectory(options.Scratch);
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true, UseShellExecute = false };
        foreach (var word in (string[])["/bin/sh", "-c", Supervisor, "hotplug-guest", directory, saved ?? "", options.Qemu])
            start.ArgumentList.Add(word);
        foreach (var word in Arguments(options, shape, directory, initramfs))
            start.ArgumentList.Add(word);
        if (saved is not null)
        {
            start.ArgumentList.Add("-incoming");
            start.ArgumentList.Add("fd:9");
        }

        try
        {
            return new GuestProcess(directory, Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception cause)
        {
            System.IO.Directory.Delete(directory, recursive: true);
            throw new HarnessException($"cannot start a shell for QEMU: {cause.Message}", cause);
        }
    }

    /// <summary>QEMU's whole command line: a saved guest can only be restored with the same one.</summary>
    internal static IEnumerable<string> Arguments(
        LinuxOptions options, GuestShape shape, string directory, string initramfs) =>
        shape.Arguments(options.Accelerator ?? Accelerator.Emulation).Concat(
        [
            "-kernel", options.Kernel, "-initrd", initramfs, "-serial", $"file:{directory}/console",
            "-qmp", $"unix:{directory}/qmp,server=on,wait=off",
            "-chardev", $"socket,id=agent,path={directory}/agent,server=on,wait=off",
        ]);

    /// <summary>Kills QEMU alone.</summary>
    internal void Kill()
    {
        var number = int.Parse(File.ReadAllText(Path.Combine(Directory, "pid")));
        using var emulator = Process.GetProcessById(number);
        emulator.Kill();
        emulator.WaitForExit();
    }

    /// <summary>Kills QEMU and deletes the directory.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
    }

    private static string NewDirectory(string scratch)
    {
        try
        {
            return System.IO.Directory.CreateDirectory(Path.Combine(scratch, "hotplug-" + Path.GetRandomFileName())).FullName;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new HarnessException($"cannot make a directory for a guest in {scratch}: {cause.Message}", cause);
        }
    }

    private static string Tail(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            return text.Length <= LongestTail ? text : text[^LongestTail..];
        }
        catch (IOException)
        {
            return "";      // QEMU ended before it made the file.
        }
    }
}
