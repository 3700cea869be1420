using Hotplug.Bitmap;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Generators.Races;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Model.Histories;
using Xunit;

namespace Hotplug.Properties.Schedules;

/// <summary>
/// What a search for races does, in small: a few schedules of races of every kind, judged by everything.
/// </summary>
[TestCaseOrderer("Hotplug.Properties.PropertiesFirst", "Hotplug.Properties")]
public sealed class RaceProperties
{
    private const long MostSchedules = 800;

    // Of a faithful machine: each kind of race some five times.
    private const long MostFaithful = 2400;
    private const long SchedulesOfOne = 12;
    private const ulong Seed = 5;

    // A faithful machine lets nobody in there.
    private const SchedulePoint OnlyOfAFault = SchedulePoint.OfflineAfterCommit;

    // What takes more schedules than that: the tests of race faults have thousands.
    private static readonly RaceFault[] s_rare =
    [
        RaceFault.DrainSkipsEmptyLists, RaceFault.LimitsRestoredByAnybody, RaceFault.RefillUnlocked,
        RaceFault.IsolatedAfterLook, RaceFault.UnisolatedBeforeCommit, RaceFault.IsolationNotRefused,
        RaceFault.DriverLockReleasedEarly, RaceFault.DriverHoldsLockIntoRemoval, RaceFault.RequestsOverlap,
        RaceFault.DeflateUnlocked, RaceFault.CmmFlagOnly, RaceFault.CmmResumesEarly,
        RaceFault.CmmCountsPagesOnTheirWay,
    ];

    public static TheoryData<RaceFault> Faults =>
        [.. RaceFaultTable.Forms.Where(static f => !f.KilledBy.IsEmpty).Select(static f => f.Fault).Except(s_rare)];

    /// <summary>And it comes to every place where another CPU may come between.</summary>
    [Fact]
    public void Whatever_overlaps_keeps_every_rule()
    {
        using var runner = Of(BitmapMachine.CreateScheduled());
        var places = new Places();
        runner.Watch = places;
        for (var index = 0L; runner.Schedules < MostFaithful; index++)
        {
            var (family, race) = new RaceDraw().Draw(Seed, index, runner.Machine.Identity.Levels);
            var schedules = RaceFaultTrial.PctOf(Seed, index, SchedulesOfOne);
            var found = Patience.Await(() => RaceSearch.Run(runner, race, schedules, new SearchLimits(SchedulesOfOne)),
                () => $"a race of {family} that does not come back");
            Assert.True(found.Verdict != Verdict.Violates, $"{family}: {found.Prefix.Violation} {found.Failure?.Violation}");
        }

        Assert.Equal([OnlyOfAFault], Enum.GetValues<SchedulePoint>().Except(places.Points));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_that_shows_when_operations_overlap_breaks_a_rule(RaceFault fault)
    {
        using var runner = Of(BitmapMachine.CreateScheduled(fault));
        var found = Patience.Await(() => RaceFaultTrial.Run(runner, new RaceDraw(), default, Seed, MostSchedules, shrinks: false).Found,
            static () => "a race that does not come back");
        Assert.True(found is not null, $"not in {MostSchedules} schedules");
    }

    private static RaceRunner Of(IScheduledMachine machine) => new(machine,
        new Suite(new ReferenceModel(), Catalogue.All), new HistoryJudge(new HistoryModel()));

    // Where a search came to.
    private sealed class Places : IStepWatch
    {
        public HashSet<SchedulePoint> Points { get; } = [];

        public Violation? After(int step, int cpu, Position from, Position to)
        {
            Points.Add(to.Point);
            return null;
        }
    }
}
