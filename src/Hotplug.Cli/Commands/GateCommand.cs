using System.CommandLine;
using Hotplug.Adapters.Qemu;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Replay;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Invariants.Facts;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug gate</c>: random sequences until the budget is used up or a rule breaks.</summary>
internal sealed class GateCommand
{
    /// <summary>About a minute on two cores.</summary>
    internal const long DefaultSequences = 60_000;

    private static readonly string s_defaultBudget = DefaultSequences.ToString();

    private const int SequencesPerFaultSequence = 1000, MostFaultSequences = 8;

    private const string DefaultDatabase = ".hotplug/failures";

    private readonly Surroundings _surroundings;
    private readonly TargetTable _targets;
    private readonly TargetOptions _target;
    private readonly Option<string> _seed = new("--seed")
    {
        HelpName = "N",
        Description = "Seed: 31, 0x1F, or 'fresh' for a new one.",
        DefaultValueFactory = static _ => Seed.Default,
    };

    private readonly Option<string> _budget = new("--budget")
    {
        HelpName = "N|60s",
        Description = $"How long: {Budget.Form}.",
        DefaultValueFactory = static _ => s_defaultBudget,
    };

    private readonly Option<string?> _json = new("--json")
    {
        HelpName = "file",
        Description = "Write a JSON report; docs/REPORTS.md describes it.",
    };

    private readonly Option<string?> _junit = new("--junit")
    {
        HelpName = "file",
        Description = "Write a JUnit XML report.",
    };

    private readonly Option<string> _out = new("--out")
    {
        HelpName = "folder",
        Description = "Where the trace of a failure is written, as <rule>.trace.",
        DefaultValueFactory = static _ => "out",
    };

    private readonly Option<string?> _database = new("--database")
    {
        HelpName = "folder",
        Description =
            $"Where failures are kept and replayed first until they pass. Default: {DefaultDatabase}; none "
            + "with --fault.",
    };

    private readonly Option<bool> _keepGoing = new("--keep-going")
    {
        Description = "Do not end at the first failure: report the first of every rule that breaks.",
    };

    private GateCommand(Surroundings surroundings, TargetTable targets)
    {
        _targets = targets;
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var gate = new GateCommand(surroundings, targets);
        var command = new Command("gate",
            "Run random sequences against a machine; the first broken rule is shrunk and reported.");
        gate._target.AddAllTo(command);
        command.Add(gate._seed);
        command.Add(gate._budget);
        command.Add(gate._json);
        command.Add(gate._junit);
        command.Add(gate._out);
        command.Add(gate._database);
        command.Add(gate._keepGoing);
        // On a thread of its own: Ctrl-C is listened to only after the action has given its thread back.
        command.SetAction((parsed, stop) => Task.Run(() => (int)gate.Execute(parsed, stop), CancellationToken.None));
        return command;
    }

    private ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var choice = _target.Read(parsed);
        choice.Open().Dispose();    // What cannot be opened is told before anything is written.
        var budget = Budget.Parse(parsed.GetValue(_budget)!);
        var seed = Seed.Parse(parsed.GetValue(_seed)!, _surroundings.Clock);
        var started = _surroundings.Clock.GetTimestamp();
        var live = new List<LiveFigures>();
        var gate = new Gate(() => RigOf(choice, live));
        var terms = choice.Target.Terms;
        var result = ProgressLine.During(_surroundings, "gate", progress => gate.Run(new GateOptions
        {
            Seed = seed,
            Sequences = budget.Sequences,
            Workers = Math.Min(_surroundings.Processors, terms.MostWorkers),
            FaultSequences = (int)Math.Clamp(budget.Sequences / SequencesPerFaultSequence, 1, MostFaultSequences),
            OperationsPerSequence = terms.OperationsPerSequence,
            OperationLimit = terms.OperationLimit,
            ShrinkBudget = terms.Shrinking,
            Reruns = terms.Reruns,
            Facts = FactCatalogue.All,
            KeepGoing = parsed.GetValue(_keepGoing),
            Stop = stop,
            Clock = _surroundings.Clock,
            Failures = DatabaseOf(parsed, choice),
            TimeIsUp = () => stop.IsCancellationRequested || Elapsed() > GateRaces.TimeOfSequences(choice, budget.Time),
            Progress = told => Tell(progress, told, budget, Elapsed()),
        }));
        var races = result.Failure is null && GateRaces.ApplyTo(choice)
            ? GateRaces.Run(choice, seed, result.Sequences, _surroundings.Processors,
                () => stop.IsCancellationRequested || Elapsed() > budget.Time)
            : null;
        var interrupted = stop.IsCancellationRequested && result.Failure is null;
        var report = new GateReport(choice, budget, result, Elapsed(), interrupted) { Live = Merged(live), Races = races };
        return Report(parsed, report);

        TimeSpan Elapsed() => _surroundings.Clock.GetElapsedTime(started);
    }

    private static Rig RigOf(Choice choice, List<LiveFigures> live)
    {
        var machine = choice.Open();
        if (machine is LinuxMachine kernel)
            live.Add(kernel.Figures);
        return new Rig(machine, choice.SuiteFor(machine.Identity), choice.Target.Terms.Sequences(machine.Identity));
    }

    private static LiveFigures? Merged(List<LiveFigures> live)
    {
        var all = live.FirstOrDefault();
        foreach (var other in live.Skip(1))
            all!.Merge(other);
        return all;
    }

    private FailureDatabase? DatabaseOf(ParseResult parsed, Choice choice)
    {
        var folder = parsed.GetValue(_database) ?? (choice.Fault is null ? DefaultDatabaseOf(choice) : null);
        return folder is null ? null : new FailureDatabase(Writable.Folder(_surroundings, folder));
    }

    // What one machine fails at another may pass: it would be forgotten there. Each but the default one has a folder.
    private string DefaultDatabaseOf(Choice choice) => choice.Target.Name == _targets.Rows[0].Name ? DefaultDatabase
        : Path.Combine(DefaultDatabase,
            string.Concat(choice.Target.Name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-')));

    private ExitCode Report(ParseResult parsed, GateReport report)
    {
        var printer = Printer.Output(_surroundings);
        GateText.Print(printer, report);
        var trace = Report(parsed, printer, report.Result.Failure, report.Choice);
        foreach (var other in report.Result.Others)
            Report(parsed, printer, other, report.Choice);
        if (report.Races is { Failure: { } race } races)
            RaceReport.Print(printer, report.Choice.Target.Name, race, races.Picture,
                RaceReport.ReplayOf(_surroundings, race.Token, null));

        if (parsed.GetValue(_json) is { } json)
            WholeFile.Write(_surroundings, json, stream => GateJson.Write(stream, report, trace));
        if (parsed.GetValue(_junit) is { } junit)
            WholeFile.Write(_surroundings, junit, stream => JUnit.Write(stream, report));
        return report.ExitCode;
    }

    private string? Report(ParseResult parsed, Printer printer, Failure? failure, Choice choice)
    {
        if (failure is null)
            return null;
        var trace = Path.Combine(parsed.GetValue(_out)!, failure.Violation.Rule + ".trace");
        FailureFile.WriteAndPrint(_surroundings, printer, trace, failure, choice);
        return trace;
    }

    private static void Tell(ProgressLine progress, GateProgress told, Budget budget, TimeSpan elapsed) =>
        progress.Tell(
        told.IsShrinking ? 1 : budget.Used(told.Sequences, elapsed),
        told.IsShrinking
            ? "a rule is broken: shrinking"
            : $"{told.Sequences} of {budget}, {told.Operations} operations, {elapsed.TotalSeconds:0} s");
}
