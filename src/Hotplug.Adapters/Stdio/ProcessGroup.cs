using System.Runtime.InteropServices;

namespace Hotplug.Adapters.Stdio;

/// <summary>A process group of a Unix system.</summary>
internal static class ProcessGroup
{
    private const int SigKill = 9;

    /// <summary>Kills every process of the group that this one leads; nothing if there is none any more.</summary>
    internal static void Kill(int leader)
    {
        if (leader > 1)
            _ = SendSignal(-leader, SigKill);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
