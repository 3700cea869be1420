namespace Hotplug.Model.States;

/// <summary>What the model knows of CMM.</summary>
/// <param name="Pages">Pages on loan.</param>
/// <param name="ListPages">Pages that hold their addresses.</param>
/// <param name="Target">Pages that the hypervisor wants on loan.</param>
/// <param name="OomFreed">Pages given back on OOM.</param>
/// <param name="HotplugOccurred">A removal began since the thread looked last.</param>
/// <param name="SecondsToWake">Seconds until the thread wakes.</param>
/// <param name="Paused">The thread sleeps out the delay after a removal.</param>
internal readonly record struct Loans(long Pages, long ListPages, long Target, long OomFreed, bool HotplugOccurred,
    int SecondsToWake, bool Paused)
{
    /// <summary>CMM when the machine starts: its first poll is a second away.</summary>
    public static Loans AtStart { get; } = new(0, 0, 0, 0, false, 1, false);
}
