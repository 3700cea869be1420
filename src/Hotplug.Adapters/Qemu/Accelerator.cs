using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// Finds out whether guests can run on the processor itself (KVM): the device may be there and guests stand still all
/// the same, so one is booted, with a limit. What came of it is kept until the host boots again.
/// </summary>
internal static class Accelerator
{
    internal const string Emulation = "tcg", Hardware = "kvm";

    private const string Device = "/dev/kvm", BootId = "/proc/sys/kernel/random/boot_id";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    /// <summary>The faster one that works.</summary>
    internal static string Probe(LinuxOptions options, GuestShape shape, string initramfs)
    {
        if (!CanOpen())
            return Emulation;
        var kept = Path.Combine(options.Store, "accelerator");
        var boot = File.Exists(BootId) ? File.ReadAllText(BootId).Trim() : "";
        if (File.Exists(kept) && File.ReadAllText(kept).Split('\n') is [var when, var known, ..] && when == boot)
            return known;
        var works = Boots(options with { Accelerator = Hardware }, shape, initramfs) ? Hardware : Emulation;
        File.WriteAllText(kept, $"{boot}\n{works}\n");
        return works;
    }

    private static bool CanOpen()
    {
        try
        {
            using var device = File.Open(Device, FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool Boots(LinuxOptions options, GuestShape shape, string initramfs)
    {
        try
        {
            Guest.Boot(options, shape, initramfs, s_limit).Dispose();
            return true;
        }
        catch (HarnessException)
        {
            return false;
        }
    }
}
