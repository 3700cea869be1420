using System.CommandLine;
using System.Globalization;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Engine.Schedules.Search;
using Hotplug.Generators.Races;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug race --all-faults</c>: seeds every fault of overlapping operations, and looks whether it is
/// found.</summary>
internal sealed class RaceFaultsRun
{
    /// <summary>Schedules in which each fault must show.</summary>
    internal const long MostSchedules = 10_000;

    private const ulong SearchSeed = 1;

    private readonly Surroundings _surroundings;
    private readonly RaceRig _rig;
    private readonly Option<bool> _all = new("--all-faults")
    {
        Description = $"Seed every fault of overlapping operations: each must be found by its rule in {MostSchedules} schedules.",
    };

    private readonly Option<string?> _markdown = new("--markdown")
    {
        HelpName = "file",
        Description = "Of --all-faults: write the table into this file as docs/RACES.md has it.",
    };

    internal RaceFaultsRun(Surroundings surroundings, RaceRig rig)
    {
        _surroundings = surroundings;
        _rig = rig;
    }

    internal void AddTo(Command command)
    {
        command.Add(_all);
        command.Add(_markdown);
    }

    internal bool IsAsked(ParseResult parsed) => parsed.GetValue(_all);

    internal ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var choice = _rig.Read(parsed);
        var faults = choice.Races.Faults;
        var findings = new RaceFaultFinding?[faults.Length];
        var done = 0;
        ProgressLine.During(_surroundings, "faults", progress => Parallel.For(0, faults.Length,
            new ParallelOptions { MaxDegreeOfParallelism = _surroundings.Processors }, i =>
            {
                if (stop.IsCancellationRequested)
                    return;
                using var runner = choice.Open(faults[i].Id);
                findings[i] = RaceFaultTrial.Run(runner, new RaceDraw(),
                    faults[i].KilledBy.IsEmpty ? default : faults[i].KilledBy, SearchSeed, MostSchedules, shrinks: true);
                var count = Interlocked.Increment(ref done);
                progress.Tell((double)count / faults.Length, $"{count} of {faults.Length} faults");
            }));
        if (Array.Exists(findings, static f => f is null))
            return ExitCode.Inconclusive;
        var trials = faults.Zip(findings, static (fault, finding) => new TriedRaceFault(fault, finding!)).ToList();
        Print(trials);
        if (parsed.GetValue(_markdown) is { } file)
            RacesDocument.Update(_surroundings, file, trials);
        return trials.TrueForAll(static t => t.IsRight) ? ExitCode.Conforms : ExitCode.Violates;
    }

    private void Print(List<TriedRaceFault> trials)
    {
        var printer = Printer.Output(_surroundings);
        printer.Table(["fault", "family", "killed by", "found after", "race", "operations", "preemptions", ""],
            [.. trials.Select(static t => new[]
            {
                t.Fault.Id, Words.Of(t.Fault.Family), t.Rule, Number(t.Finding.Schedules), t.Finding.Family,
                Number(t.Finding.Minimal?.Race.Operations ?? 0),
                Number(t.Finding.Minimal?.Result.Run.Preemptions ?? 0), t.Complaint,
            })]);
        var faults = trials.Where(static t => !t.Fault.KilledBy.IsEmpty).ToList();
        printer.Line($"{faults.Count(static t => t.IsKilled)} of {faults.Count} faults killed by their rules, "
            + $"after {trials.Where(static t => t.IsKilled).Select(static t => t.Finding.Schedules).DefaultIfEmpty(0).Max()} schedules at most");
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
