using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>Where CPUs stand when nothing goes on is told of every CPU that has not ended.</summary>
public sealed class WaitGraphTests
{
    private static readonly LockId s_zone = new(LockName.Zone), s_cmm = new(LockName.Cmm);

    [Fact]
    public void Who_holds_nothing_holds_nothing_and_who_has_ended_is_not_told_of() => Ends.InTime(() => Assert.Equal(
        "cpu 0 holds zone and waits for cmm, which cpu 1 holds; cpu 1 holds cmm and waits for zone, which cpu 0 holds; "
            + "cpu 3 waits for zone, which cpu 0 holds",
        Of([0, 2, 1, 3, 0, 1], static (scheduler, cpu) =>
        {
            if (cpu == 2)
                return;
            var (first, second) = cpu == 1 ? (s_cmm, s_zone) : (s_zone, s_cmm);
            scheduler.Acquire(first);
            scheduler.Acquire(second);
        })));

    [Fact]
    public void Who_could_go_on_and_was_not_chosen_is_told_of_as_it_stands() => Ends.InTime(() => Assert.Equal(
        "cpu 0 stands at offline.after-failed-test; cpu 1 waits for zone; cpu 2 holds cmm and waits at offline.after-drain for somebody to change something",
        Of([1, 2, 2], static (scheduler, cpu) =>
        {
            if (cpu == 1)
                scheduler.Acquire(s_zone);
            if (cpu == 2)
            {
                scheduler.Acquire(s_cmm);
                scheduler.AwaitChange(SchedulePoint.OfflineAfterDrain, 0);
            }

            while (cpu == 0)
                scheduler.At(SchedulePoint.OfflineAfterFailedTest, 0);
        })));

    // These CPUs take the first steps, CPU 0 all others as long as it can.
    private static string? Of(int[] first, Action<Scheduler, int> body)
    {
        using var scheduler = new Scheduler();
        var schedules = new FirstThenUsual(first);
        return scheduler.Run(new ScheduledWork(4, cpu =>
        {
            if (cpu < 3 || first.Contains(3))
                body(scheduler, cpu);
        }, Unwatched.Instance), schedules, 50).Violation?.Observed;
    }

    private sealed class FirstThenUsual(int[] first) : ISchedules
    {
        public bool TryBegin() => true;

        public int Choose(in Choice choice) => choice.Step < first.Length ? first[choice.Step]
            : choice.Can(3) && !first.Contains(3) ? 3 : choice.Can(0) ? 0 : choice.Usual;

        public void End(Footprint done)
        {
            // Runs once.
        }
    }
}
