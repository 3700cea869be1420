using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Schedules;
using Hotplug.Model.Histories;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>The model of overlapping operations against what the faithful machine does one by one.</summary>
public sealed class HistoryModelTests
{
    private static readonly HistoryModel s_model = new();
    private static readonly Linearizability s_search = new(s_model);

    [Fact]
    public void What_a_faithful_machine_does_one_by_one_is_permitted() => Demand(150, length: 6, static h => h);

    [Fact]
    public void What_is_permitted_one_by_one_is_permitted_as_if_it_had_overlapped() =>
        Demand(150, length: 4, static h => h.Overlapped());

    [Fact]
    public void What_is_permitted_one_by_one_is_permitted_as_if_each_had_overlapped_the_next() =>
        Demand(150, length: 5, static h => h.Chained());

    private static void Demand(int runs, int length, Func<SequentialHistory, SequentialHistory> change)
    {
        var judged = 0;
        for (var run = 0UL; run < (ulong)runs; run++)
        {
            using var machine = BitmapMachine.Create();
            foreach (var ordinary in SequentialHistories.Of(machine, SplitMix.Derive(0x417, run), operations: 40, length))
            {
                if (ordinary.Calls.Any(static c => IsLeftOut(c.Operation)))
                    continue;
                var history = change(ordinary);
                var initial = s_model.Begin(history.Spec, history.Levels, history.State, history.Before);
                var found = s_search.Search(initial, history.Calls, history.After);
                Assert.True(found.Verdict == Linearization.Permitted,
                    $"{found.Verdict} {found.Violation}\n{string.Join('\n', history.Calls.Select(static c => $"{c.Operation} -> {c.Outcome.Answer}"))}");
                judged++;
            }
        }

        Assert.True(judged > runs, $"{judged} histories");
    }

    // Of what Xen's driver adds for itself no witness tells.
    private static bool IsLeftOut(Operation operation) => operation.Kind == OperationKind.Back
        || (operation.Kind is OperationKind.Deflate or OperationKind.BalloonTarget && operation.Choice == (byte)BalloonDriver.Xen);
}
