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

    [Fact]
    public void Most_seeded_faults_show_in_answers_witnesses_and_what_is_seen_at_rest()
    {
        // The others break the order of steps and notifications, or accounts that only a kernel keeps.
        var refuted = FaultTable.Forms.Where(static f => IsRefuted(f.Fault)).Select(static f => f.Id).ToArray();
        Assert.True(refuted.Length >= 85,
            $"{refuted.Length} of {FaultTable.Forms.Length}: {string.Join(' ', refuted)}");
    }

    private static bool IsRefuted(Fault fault)
    {
        for (var run = 0UL; run < 20; run++)
        {
            using var machine = BitmapMachine.Create(fault);
            foreach (var history in SequentialHistories.Of(machine, SplitMix.Derive(0x5EED, run), operations: 60,
                length: 4))
                if (s_search.Search(s_model.Begin(history.Spec, history.Levels, history.State, history.Before),
                    history.Calls, history.After).Verdict == Linearization.Refuted)
                    return true;
        }

        return false;
    }

    private static void Demand(int runs, int length, Func<SequentialHistory, SequentialHistory> change)
    {
        var judged = 0;
        for (var run = 0UL; run < (ulong)runs; run++)
        {
            using var machine = BitmapMachine.Create();
            foreach (var ordinary in SequentialHistories.Of(machine, SplitMix.Derive(0x417, run), operations: 40,
                length))
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
        || (operation.Kind is OperationKind.Deflate or OperationKind.BalloonTarget
            && operation.Choice == (byte)BalloonDriver.Xen);
}
