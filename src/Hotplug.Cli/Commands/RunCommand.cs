using System.CommandLine;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Generators;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug run</c>: shows random sequences as they go, to see what a machine does. No gate: nothing is
/// kept or shrunk.</summary>
internal sealed class RunCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetOptions _target;
    private readonly Option<string> _seed = new("--seed")
    {
        HelpName = "N",
        Description = "Seed: 31, 0x1F, or 'fresh' for a new one.",
        DefaultValueFactory = static _ => Seed.Default,
    };

    private readonly Option<int> _first = new("--sequence")
    {
        HelpName = "N",
        Description = "The first sequence of the seed, from 0: as a gate numbers them.",
    };

    private readonly Option<int> _count = new("--sequences")
    {
        HelpName = "N",
        Description = "How many sequences.",
        DefaultValueFactory = static _ => 1,
    };

    private readonly Option<int> _operations = new("--operations")
    {
        HelpName = "N",
        Description = "Operations of a sequence at most.",
        DefaultValueFactory = static _ => new GateOptions().OperationsPerSequence,
    };

    private RunCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var run = new RunCommand(surroundings, targets);
        var command = new Command("run", "Show random sequences: every operation with its answer.");
        run._target.AddAllTo(command);
        foreach (var (option, low) in new[] { (run._first, 0), (run._count, 1), (run._operations, 1) })
        {
            option.Validators.Add(result => Bounds.Check(result, low));
            command.Add(option);
        }

        command.Add(run._seed);
        command.SetAction((parsed, stop) => Task.Run(() => (int)run.Execute(parsed, stop), CancellationToken.None));
        return command;
    }

    private ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var choice = _target.Read(parsed);
        var seed = Seed.Parse(parsed.GetValue(_seed)!, _surroundings.Clock);
        var first = parsed.GetValue(_first);
        using var machine = choice.Open();
        var runner = new Runner(machine, choice.SuiteFor(machine.Identity));
        for (var sequence = first; sequence < first + parsed.GetValue(_count); sequence++)
        {
            if (stop.IsCancellationRequested)
                return ExitCode.Inconclusive;
            var result = RunOne(runner, choice.Target.Terms, seed, sequence, parsed.GetValue(_operations));
            if (result.Verdict != Verdict.Conforms)
                return ExitCodes.Of(result.Verdict);
        }

        return ExitCode.Conforms;
    }

    private RunResult RunOne(Runner runner, TargetTerms terms, ulong seed, int sequence, int operations)
    {
        var printer = Printer.Output(_surroundings);
        var random = new SplitMix(SplitMix.Derive(seed, (ulong)sequence));
        var sequences = terms.Sequences(runner.Identity);
        var spec = sequences.DrawSpec(ref random, runner.Identity.Levels);
        var source = sequences.DrawSource(ref random, spec, runner.Identity.Levels);
        printer.Heading($"seed {Seed.Print(seed)}, sequence {sequence}");
        printer.Line($"  machine {SpecText.Print(spec)}");
        var result = runner.Run(spec, source, operations);
        if (result.Violation is null)
        {
            for (var i = 0; i < result.Executed.Length; i++)
                printer.Line($"  {result.Executed[i]} -> {result.Answers[i]}");
            printer.Verdict(result.Verdict);
            return result;
        }

        var again = $"{ReplayLine.Program(_surroundings)} gate --seed {Seed.Print(seed)}";
        var failure = new Failure(runner.Identity, result, result.Executed.Length) { Seed = seed, Sequence = sequence };
        printer.Text(FailureReport.Print(failure, again));
        return result;
    }
}
