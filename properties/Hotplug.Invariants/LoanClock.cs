using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>When CMM's thread polls next, and what it wants then.</summary>
internal static class LoanClock
{
    private const int PollDelay = 1;

    /// <summary>
    /// Seconds until it looks at its target: after a removal it sleeps for the delay first, and then waits once more.
    /// </summary>
    internal static long SecondsToPoll(MachineSpec spec, in LoanObservation loans) => loans.SecondsToWake
        + (loans.Paused ? PollDelay : 0L)
        + (loans.HotplugOccurred ? spec.CmmHotplugDelay + PollDelay : 0L);

    /// <summary>True if it polled in the operation, a tick.</summary>
    internal static bool Polled(Transition seen, in LoanObservation before) =>
        seen.Operation.Amount >= SecondsToPoll(seen.Spec, before);

    /// <summary>Pages that a poll wants on loan: enough memory stays active, and what OOM took back stays
    /// back.</summary>
    internal static long Goal(Transition seen, in LoanObservation before)
    {
        long managed = 0;
        foreach (ref readonly var zone in seen.Before.Zones)
            managed += zone.Managed;
        return Math.Max(0, Math.Min(before.TargetPages - before.OomFreedPages, managed - seen.Spec.CmmLeastActive));
    }
}
