using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Quality;

/// <summary>
/// A race is judged by what is seen when it is over as if a machine started so: which invariants hold at any rest?
/// </summary>
public sealed class RestTests
{
    private const int Runs = 300;

    [Fact]
    public void At_any_rest_every_invariant_holds_that_does_not_say_that_it_is_for_the_start_only()
    {
        var broken = new SortedSet<string>(StringComparer.Ordinal);
        for (var run = 0UL; run < Runs; run++)
        {
            using var machine = BitmapMachine.Create();
            var invariants = Catalogue.All
                .Where(i => i.AppliesTo(machine.Identity) && i.When.Names(default, isStart: true)).ToArray();
            var seen = new Transition();
            foreach (var history in SequentialHistories.Of(machine, SplitMix.Derive(0x2E57, run), operations: 60, length: 2))
            {
                seen.Start(history.Spec, history.Levels, history.After);
                var (steps, happened) = (seen.StepsTaken, seen.Happened);
                foreach (var invariant in invariants)
                    if (invariant.When.Arises(steps, happened) && invariant.Check(seen) is not null)
                        broken.Add(invariant.Id);
            }
        }

        Assert.Equal(Catalogue.All.Where(static i => i.OnlyAtStart).Select(static i => i.Id).Order(StringComparer.Ordinal), broken);
    }
}
