using System.CommandLine;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Engine.Schedules.Strategies;
using Hotplug.Generators.Races;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug race</c>: operations that overlap, under deterministic schedules.</summary>
internal sealed class RaceCommand
{
    private const string Exhaustive = "exhaustive", Pct = "pct", Chance = "random";
    private const int DefaultPreemptions = 2;

    private readonly Surroundings _surroundings;
    private readonly RaceRig _rig;
    private readonly Option<string> _strategy = new("--strategy")
    {
        HelpName = $"{Exhaustive}|{Pct}|{Chance}",
        Description = "Every schedule with few preemptions, or drawn ones: by priorities that change, or step by step.",
        DefaultValueFactory = static _ => Exhaustive,
    };

    private readonly Option<int> _preemptions = new("--preemptions")
    {
        HelpName = "N",
        Description = "Of strategy exhaustive: how often a CPU is interrupted at most that could go on.",
        DefaultValueFactory = static _ => DefaultPreemptions,
    };

    private readonly Option<string> _seed = new("--seed")
    {
        HelpName = "N",
        Description = "Seed: 31, 0x1F, or 'fresh' for a new one.",
        DefaultValueFactory = static _ => Seed.Default,
    };

    private readonly Option<string?> _budget = new("--budget")
    {
        HelpName = "N|60s",
        Description = $"How long: {Budget.Form.Replace("sequences", "races", StringComparison.Ordinal)}. "
            + $"Default: {DefaultRaces(Exhaustive)} races, {DefaultRaces(Pct)} where schedules are drawn.",
    };

    private readonly Option<int> _schedules = new("--schedules")
    {
        HelpName = "N",
        Description = "Of drawn schedules: how many of each race.",
        DefaultValueFactory = static _ => 50,
    };

    private readonly Option<string[]> _families = new("--family")
    {
        HelpName = "name",
        Description = $"These kinds of races only: {string.Join(", ", RaceFamilies.All.Select(static f => f.Name))}.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _replay = new("--replay")
    {
        HelpName = "token",
        Description = "Run the race and the schedule that this token stands for, and draw it.",
    };

    private readonly Option<string?> _html = new("--html")
    {
        HelpName = "file",
        Description = "Draw the failing interleaving, or the replayed one, as a page.",
    };

    private RaceCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _rig = new RaceRig(targets);
        _strategy.AcceptOnlyFromAmong(Exhaustive, Pct, Chance);
        _families.AcceptOnlyFromAmong([.. RaceFamilies.All.Select(static f => f.Name)]);
        _preemptions.Validators.Add(static result => Bounds.Check(result, 0));
        _schedules.Validators.Add(static result => Bounds.Check(result, 1));
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var race = new RaceCommand(surroundings, targets);
        var command = new Command("race",
            "Let operations overlap under deterministic schedules; the first interleaving that fails is shrunk and drawn.")
        {
            race._strategy, race._preemptions, race._seed, race._budget, race._schedules, race._families, race._replay,
            race._html,
        };
        race._rig.AddTo(command);
        var faults = new RaceFaultsRun(surroundings, race._rig);
        faults.AddTo(command);
        command.SetAction((parsed, stop) => Task.Run(
            () => (int)(faults.IsAsked(parsed) ? faults.Execute(parsed, stop) : race.Execute(parsed, stop)),
            CancellationToken.None));
        return command;
    }

    private ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var choice = _rig.Read(parsed);
        return parsed.GetValue(_replay) is { } token ? Replay(parsed, choice, token) : Search(parsed, choice, stop);
    }

    private ExitCode Replay(ParseResult parsed, RaceChoice choice, string token)
    {
        if (!RaceToken.TryParse(token, out var race, out var schedule, out var error))
            throw new UsageException($"--replay {Shorten(token)}: {error}");
        using var runner = choice.Open();
        var found = RaceSearch.Run(runner, race, new ReplaySchedules(schedule), new SearchLimits(1));
        if (found.Prefix.Violation is { } sequential)
            throw new UsageException($"--replay {Shorten(token)}: what comes before the race does not conform, "
                + $"{sequential.Rule}: run it with 'hotplug replay'");
        var printer = Printer.Output(_surroundings);
        var picture = InterleavingRecorder.Record(runner, race, schedule)!;
        var replay = RaceReport.ReplayOf(_surroundings, token, choice.Fault);
        if (found.Failure is { } failure)
            RaceReport.Print(printer, choice.Name, new RaceFailure(race, failure), picture, replay);
        else
            printer.Text(InterleavingText.Print(picture));
        printer.Verdict(found.Verdict);
        Draw(parsed, picture, replay);
        return ExitCodes.Of(found.Verdict);
    }

    private ExitCode Search(ParseResult parsed, RaceChoice choice, CancellationToken stop)
    {
        var strategy = parsed.GetValue(_strategy)!;
        var seed = Seed.Parse(parsed.GetValue(_seed)!, _surroundings.Clock);
        var budget = Budget.Parse(parsed.GetValue(_budget) ?? $"{DefaultRaces(strategy)}", "races");
        var started = _surroundings.Clock.GetTimestamp();
        var result = ProgressLine.During(_surroundings, "race", progress => new RaceCampaign(choice.Open,
            new RaceCampaignOptions(new RaceDraw([.. parsed.GetValue(_families) ?? []]), SchedulesOf(parsed, strategy, seed))
            {
                Seed = seed,
                MostRaces = budget.Sequences,
                Workers = _surroundings.Processors,
                TimeIsUp = () => stop.IsCancellationRequested || Elapsed() > budget.Time,
                Progress = (races, schedules) => progress.Tell(budget.Used(races, Elapsed()),
                    $"{races} of {budget}, {schedules} schedules, {Elapsed().TotalSeconds:0} s"),
            }).Run());
        var printer = Printer.Output(_surroundings);
        RaceReport.Print(printer, result, Describe(parsed, strategy, seed), Elapsed());
        if (stop.IsCancellationRequested && result.Failure is null)
            return ExitCode.Inconclusive;
        if (result.Failure is { } failure)
            Report(parsed, printer, choice, failure);
        return ExitCodes.Of(result.Verdict);

        TimeSpan Elapsed() => _surroundings.Clock.GetElapsedTime(started);
    }

    private void Report(ParseResult parsed, Printer printer, RaceChoice choice, RaceFailure found)
    {
        var (failure, picture) = choice.Examine(found);
        var replay = RaceReport.ReplayOf(_surroundings, failure.Token, choice.Fault);
        RaceReport.Print(printer, choice.Name, failure, picture, replay);
        if (picture is not null)
            Draw(parsed, picture, replay);
    }

    private void Draw(ParseResult parsed, Interleaving picture, string replay)
    {
        if (parsed.GetValue(_html) is { } file)
            WholeFile.Write(_surroundings, file, RacePage.Print(picture, replay));
    }

    private Func<long, ISchedules> SchedulesOf(ParseResult parsed, string strategy, ulong seed)
    {
        var (preemptions, schedules) = (parsed.GetValue(_preemptions), parsed.GetValue(_schedules));
        return strategy switch
        {
            Pct => index => RaceFaultTrial.PctOf(seed, index, schedules),
            Chance => index => new RandomSchedules(SplitMix.Derive(seed, (ulong)index), schedules),
            _ => _ => new ExhaustiveSchedules(preemptions),
        };
    }

    private string Describe(ParseResult parsed, string strategy, ulong seed) => strategy == Exhaustive
        ? $"{Exhaustive}: every schedule with at most {parsed.GetValue(_preemptions)} preemptions; seed {Seed.Print(seed)}"
        : $"{strategy}: {parsed.GetValue(_schedules)} schedules of each race; seed {Seed.Print(seed)}";

    private static long DefaultRaces(string strategy) => strategy == Exhaustive ? 10 * RaceFamilies.All.Length : 2_000;

    private static string Shorten(string token) => token.Length <= 24 ? token : token[..24] + "…";
}
