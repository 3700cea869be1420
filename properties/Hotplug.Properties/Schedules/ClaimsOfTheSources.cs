using System.Collections.Immutable;
using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Properties.Schedules;

/// <summary>
/// What two of the sources claim of races and nobody had shown: every schedule up to a bound of preemptions is run, and
/// what was seen of each is counted. How many there were is printed.
/// </summary>
public sealed class ClaimsOfTheSources(ITestOutputHelper output)
{
    private const int Preemptions = 4;

    private static readonly MachineSpec s_lists = new()
    {
        PagesPerPageblock = 4,
        PagesPerSection = 4,
        MaxOrder = 2,
        PageBytes = 64,
        DescriptorBytes = 1,
        BootBlocks = 3,
        DimmFirstBlock = 4,
        DimmBlocks = 1,
        Cpus = 2,
        PcpBatch = 1,
        PcpHigh = 4,
    };

    // A page of block 0 is freed while the block goes offline.
    private static readonly Race s_freeing = new(s_lists,
        [Operation.Alloc(Name.Allocation(1), 1)],
        [
            [Operation.Free(Name.Allocation(1))],
            [Operation.Offline(Name.Boot.WithBlock(0))],
        ]);

    // The same, and then its CPU allocates one.
    private static readonly Race s_freeingAndTaking = s_freeing with
    {
        Cpus = [[.. s_freeing.Cpus[0], Operation.Alloc(Name.Allocation(2), 1)], s_freeing.Cpus[1]],
    };

    private static readonly MachineSpec s_loans = s_lists with
    {
        PcpHigh = 0,
        PagesPerPageblock = 8,
        PagesPerSection = 8,
        MaxOrder = 3,
        CmmLeastActive = 0,
        Balloons = [new BalloonSpec(BalloonDriver.Cmm, false)],
    };

    // CMM's thread loans while the block that it takes its pages from goes offline.
    private static readonly Race s_loaning = new(s_loans,
        [Operation.LoanTarget(4)],
        [
            [Operation.Tick(1)],
            [Operation.Offline(Name.Boot.WithBlock(2))],
        ]);

    [Fact]
    public void Source_002_with_a_single_drain_there_is_an_interleaving_that_hangs_and_one_that_allocates_from_the_isolated_block()
    {
        Assert.True(Run(s_freeing, RaceFault.DrainedOnce).Hung > 0, "no schedule hung");
        Assert.True(Run(s_freeingAndTaking, RaceFault.DrainedOnce).TakenFromIsolated > 0,
            "no schedule allocated from the isolated block");
    }

    [Fact]
    public void Source_002_with_repeated_draining_every_schedule_terminates_but_some_need_more_than_one_pass()
    {
        var seen = Run(s_freeing, RaceFault.DrainedEachPass);
        Assert.Equal(0, seen.Hung);
        Assert.True(seen.MostPasses > 1, "no schedule needed more than one pass");
    }

    [Fact]
    public void Source_002_with_disabled_lists_no_schedule_needs_more_than_one_pass()
    {
        foreach (var race in new[] { s_freeing, s_freeingAndTaking })
        {
            var seen = Run(race, null);
            Assert.Equal((0, 0, 1), (seen.Hung, seen.TakenFromIsolated, seen.MostPasses));
        }
    }

    [Fact]
    public void Source_000_at_most_one_page_is_loaned_after_the_check_and_never_from_the_range()
    {
        var seen = Run(s_loaning, null);
        Assert.Equal((1, 0), (seen.MostLoanedLate, seen.LoanedFromRange));
    }

    [Theory]
    [InlineData(RaceFault.CmmNeverAborts)]
    [InlineData(RaceFault.CmmResumesEarly)]
    public void Source_000_without_the_early_abort_more_than_one_page_is_loaned(RaceFault fault) =>
        Assert.Equal("schedule.one-loan-on-its-way", Run(s_loaning, fault).Broken?.Rule);

    private Seen Run(Race race, RaceFault? fault)
    {
        using var machine = fault is { } seeded
            ? BitmapMachine.CreateScheduled(seeded)
            : BitmapMachine.CreateScheduled();
        using var runner = new RaceRunner(
            machine, new Suite(new ReferenceModel(), Catalogue.All), new Anything());
        var seen = new Seen(machine, race);
        runner.Watch = seen;
        Assert.True(runner.TryPrepare(race));
        var every = new ExhaustiveSchedules(Preemptions);
        seen.Begin();
        while (runner.RunNext(every) is { } result)
        {
            seen.Broken ??= result.Violation;
            if (!result.Run.IsGivenUp && result.Violation is null)
                seen.End(result);
            seen.Begin();
        }

        Assert.True(every.IsComplete);
        Assert.True(fault is not null || seen.Broken is null, $"{seen.Broken}");
        output.WriteLine($"{runner.Schedules} schedules of at most {Preemptions} preemptions, {runner.Steps} steps, "
            + $"{every.Pruned} ways left out; {seen}");
        return seen;
    }

    // What the claims are about: not what is permitted, that is the business of the other tests.
    private sealed class Anything : IRaceJudge
    {
        public void Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest)
        {
        }

        public RaceOpinion Judge(ImmutableArray<RaceCall> calls, Observation atRest) => RaceOpinion.Permitted;
    }

    private sealed class Seen(IScheduledMachine machine, Race race) : IStepWatch
    {
        private const int Remover = 1;

        private readonly long _pages = (long)race.Spec.BootBlocks * race.Spec.PagesPerBlock;
        private readonly string[] _before = new string[race.Spec.BootBlocks * race.Spec.PagesPerBlock];
        private int _passes;
        private int _loaned;
        private bool _isHalted;
        private bool _tookIsolated;

        public Violation? Broken { get; set; }

        public int Hung { get; private set; }

        public int MostPasses { get; private set; } = 1;

        public int TakenFromIsolated { get; private set; }

        public int MostLoanedLate { get; private set; }

        public int LoanedFromRange { get; private set; }

        public void Begin()
        {
            (_passes, _loaned, _isHalted, _tookIsolated) = (1, 0, false, false);
            Array.Fill(_before, "");
        }

        // A pass that failed because of a page on a list: only another drain, or a list that is disabled, helps.
        public Violation? After(int step, int cpu, Position from, Position to)
        {
            if (to.Point == SchedulePoint.OfflineAfterFailedTest && from != to
                && machine.DescribePage(to.Page).Contains("on the list", StringComparison.Ordinal))
                _passes++;
            for (var page = 0L; page < _pages; page++)
                Compare(cpu, page, machine.DescribePage(page));

            // The step after isolation is the one that calls the notifiers.
            if (cpu == Remover && from.Point == SchedulePoint.OfflineAfterIsolation)
                _isHalted = true;
            if (cpu == Remover && to.Standing == Standing.Done)
                _isHalted = false;
            return null;
        }

        private void Compare(int cpu, long page, string now)
        {
            var before = _before[page];
            _before[page] = now;
            if (cpu == Remover || before == now)
                return;
            _tookIsolated |= before.StartsWith("free", StringComparison.Ordinal)
                && now.StartsWith("in use", StringComparison.Ordinal) && now.Contains("isolated", StringComparison.Ordinal);
            if (!_isHalted || !now.StartsWith("on loan", StringComparison.Ordinal))
                return;
            _loaned++;
            LoanedFromRange += now.Contains("isolated", StringComparison.Ordinal) ? 1 : 0;
        }

        public void End(RaceResult result)
        {
            MostPasses = Math.Max(MostPasses, _passes);
            var offline = result.Calls.Single(static c => c.Operation.Kind == OperationKind.Offline);
            Hung += offline.Outcome.Answer == Answer.Unfinished ? 1 : 0;
            TakenFromIsolated += _tookIsolated ? 1 : 0;
            MostLoanedLate = Math.Max(MostLoanedLate, _loaned);
        }

        public override string ToString() =>
            $"{Hung} hung, {TakenFromIsolated} took a page of the isolated block, at most {MostPasses} passes, "
            + $"at most {MostLoanedLate} pages loaned after the check, {LoanedFromRange} of the range";
    }
}
