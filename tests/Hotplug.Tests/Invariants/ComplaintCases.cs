using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class ComplaintCases
{
    private const string Warning = "WARNING: CPU: 0 PID: 1 at mm/memory_hotplug.c:1, offline_pages";

    private const string Loop = "did not finish: kworker/0:1 runs on in reclaim_throttle < isolate_migratepages_block";

    private static readonly Deviation s_loops = new("d", DeviationKind.EndlessWork, Amount: 1);
    private static readonly Deviation s_declared = new("d", DeviationKind.KernelWarning, Amount: 1);

    public static readonly InvariantCase[] All =
    [
        Refused(Complaints.NoWarning, "a warning", Of(Operation.Tick(1)).Printing(Warning)),
        Refused(Complaints.NoWarning, "one warning more than declared", Of(Operation.Tick(1))
            .Printing($"{Warning}\n{Warning}").Deviating(s_declared)),
        Kept(Complaints.NoWarning, "ordinary messages", Of(Operation.Tick(1)).Printing("Offlined Pages 32768")),
        Kept(Complaints.NoWarning, "a declared warning", Of(Operation.Tick(1)).Printing(Warning).Deviating(s_declared)),
        Refused(Complaints.Finishes, "a loop", Of(Operation.Tick(1)).Printing(Loop)),
        Refused(Complaints.Finishes, "a declared loop that is none", Of(Operation.Tick(1))
            .Printing("Offlined Pages 32768").Deviating(s_loops)),
        Kept(Complaints.Finishes, "work that waits", Of(Operation.Tick(1)).Printing("not finished yet: kworker/0:1 (S)")),
        Kept(Complaints.Finishes, "a declared loop", Of(Operation.Tick(1)).Printing(Loop).Deviating(s_loops)),
    ];
}
