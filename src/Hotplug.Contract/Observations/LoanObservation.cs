namespace Hotplug.Contract.Observations;

/// <summary>CMM: what it has loaned to the hypervisor, and what its thread is about to do (source document
/// 000).</summary>
/// <param name="Pages">Pages on loan.</param>
/// <param name="ListPages">Pages that hold their addresses.</param>
/// <param name="TargetPages">Pages that the hypervisor wants on loan.</param>
/// <param name="OomFreedPages">Pages that it gave back on OOM: its target stays lower by as many.</param>
/// <param name="HotplugOccurred">A removal began since its thread looked last: it will sleep before it loans
/// again.</param>
/// <param name="SecondsToWake">Virtual seconds until its thread wakes.</param>
/// <param name="Paused">Its thread sleeps out the delay after a removal: when it wakes it waits once more before it
/// polls.</param>
public readonly record struct LoanObservation(long Pages, long ListPages, long TargetPages, long OomFreedPages,
    bool HotplugOccurred, int SecondsToWake, bool Paused);
