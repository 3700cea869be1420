using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>Which steps come to the same in either order.</summary>
public sealed class FootprintTests
{
    private const SharedThings None = SharedThings.None, One = SharedThings.Pages, Other = SharedThings.Blocks;

    [Fact]
    public void Steps_conflict_where_one_writes_what_the_other_touches_or_both_take_a_lock()
    {
        Footprint[] all =
        [
            default, new(One, None, 0), new(None, One, 0), new(Other, None, 0), new(None, Other, 0), new(One, Other, 0), new(Other, One, 0),
            default(Footprint).WithLock(0), default(Footprint).WithLock(1), new Footprint(One, One, 0).WithLock(1), Footprint.Anything,
        ];
        foreach (var a in all)
            foreach (var b in all)
                Assert.Equal(Meet(a.Writes, b.Reads) || Meet(a.Writes, b.Writes) || Meet(a.Reads, b.Writes) || Locks(a).Intersect(Locks(b)).Any(),
                    a.Conflicts(b));

        static bool Meet(SharedThings a, SharedThings b) => Enum.GetValues<SharedThings>().Any(t => t != None && t != SharedThings.All && a.HasFlag(t) && b.HasFlag(t));
        static IEnumerable<int> Locks(Footprint step) => Enumerable.Range(0, 64).Where(i => (step.Locks >> i & 1) == 1);
    }

    [Fact]
    public void Every_lock_has_a_bit_of_its_own_as_long_as_there_are_any()
    {
        var locks = Enumerable.Range(0, 64).Select(static i => new Footprint(One, Other, 0).WithLock(i)).ToArray();
        Assert.Equal(64, locks.Select(static f => f.Locks).Distinct().Count());
        Assert.All(locks, static f => Assert.Equal((One, Other), (f.Reads, f.Writes)));
        Assert.True(locks[63].Conflicts(default(Footprint).WithLock(64)));
        Assert.True(locks[5].WithLock(6).Conflicts(default(Footprint).WithLock(5)));
    }

    [Fact]
    public void After_a_point_comes_what_its_form_says() => Assert.All(Enum.GetValues<SchedulePoint>(), static point =>
        Assert.Equal(new Footprint(SchedulePointTable.Of(point).Reads, SchedulePointTable.Of(point).Writes, 0), Footprint.After(point)));
}
