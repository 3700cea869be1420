using Hotplug.Bitmap;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Generators.Races;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Model.Histories;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Quality;

/// <summary>Who tests the tester of races: every fault of overlapping operations is found by a rule that is named for
/// it.</summary>
public class RaceFaultTests
{
    private const long MostSchedules = 10_000;
    private const ulong Seed = 1;

    public static TheoryData<RaceFault> Faults =>
        [.. RaceFaultTable.Forms.Where(static f => !f.KilledBy.IsEmpty).Select(static f => f.Fault)];

    public static TheoryData<RaceFault> Variants =>
        [.. RaceFaultTable.Forms.Where(static f => f.KilledBy.IsEmpty).Select(static f => f.Fault)];

    [Theory]
    [MemberData(nameof(Faults))]
    public void Every_fault_is_killed_by_its_rule_in_ten_thousand_schedules(RaceFault fault) => Ends.InTime(() =>
    {
        using var runner = Of(fault);

        var finding = RaceFaultTrial.Run(
            runner, new RaceDraw(), RaceFaultTable.Of(fault).KilledBy, Seed, MostSchedules, shrinks: false);

        Assert.True(finding.Found is not null, $"{fault} is alive after {finding.Schedules} schedules");
        Assert.True(finding.Found.Result.IsSeeded);
    });

    [Theory]
    [MemberData(nameof(Variants))]
    public void What_is_no_fault_breaks_no_rule(RaceFault variant) => Ends.InTime(() =>
    {
        using var runner = Of(variant);
        Assert.Null(RaceFaultTrial.Run(runner, new RaceDraw(), default, Seed, 2_000, shrinks: false).Found);
    });

    [Theory]
    [InlineData(RaceFault.DrainedOnce)]
    [InlineData(RaceFault.LocksInverted)]
    [InlineData(RaceFault.ContigNotIsolated)]
    [InlineData(RaceFault.CmmCountsPagesOnTheirWay)]
    [InlineData(RaceFault.DriverLockReleasedEarly)]
    public void What_is_found_shrinks_to_a_short_token(RaceFault fault) => Ends.InTime(() =>
    {
        using var runner = Of(fault);

        var minimal = RaceFaultTrial.Run(
            runner, new RaceDraw(), RaceFaultTable.Of(fault).KilledBy, Seed, MostSchedules, shrinks: true).Minimal!;

        Assert.True(minimal.Token.Length <= 300, minimal.Token);
        Assert.InRange(minimal.Race.Cpus.Sum(static c => c.Length), 2, 3);
        Assert.InRange(minimal.Result.Run.Preemptions, 0, 2);
    });

    private static RaceRunner Of(RaceFault fault) => new(BitmapMachine.CreateScheduled(fault),
        new Suite(new ReferenceModel(), Catalogue.All), new HistoryJudge(new HistoryModel()));
}
