using System.CommandLine;
using Hotplug.Adapters.Qemu;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Commands;

/// <summary>
/// <c>hotplug record</c>: runs random sequences, or a trace, on a live kernel and writes what <c>check</c> reads.
/// </summary>
internal sealed class RecordCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetOptions _target;
    private readonly Argument<string?> _trace = new("trace")
    {
        Description = "A trace to record; without one, random sequences are.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _seed = new("--seed")
    {
        HelpName = "N",
        Description = "Seed: 31, 0x1F, or 'fresh' for a new one.",
        DefaultValueFactory = static _ => Seed.Default,
    };

    private readonly Option<int> _count = new("--sequences")
    {
        HelpName = "N",
        Description = "How many sequences.",
        DefaultValueFactory = static _ => 1,
    };

    private readonly Option<string> _out = new("--out")
    {
        HelpName = "folder",
        Description = "Where recordings are written, as <kernel>-<seed>-<sequence>.jsonl.",
        DefaultValueFactory = static _ => "out",
    };

    private RecordCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var record = new RecordCommand(surroundings, targets);
        record._count.Validators.Add(static result => Bounds.Check(result, 1));
        var command = new Command("record", "Record what a live kernel does; 'hotplug check' judges it again anywhere.")
        {
            record._trace, record._seed, record._count, record._out,
        };
        record._target.AddTo(command);
        command.SetAction((parsed, stop) => Task.Run(() => (int)record.Execute(parsed, stop), CancellationToken.None));
        return command;
    }

    private ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var choice = _target.Read(parsed);
        var trace = parsed.GetValue(_trace) is { } file ? TraceFile.Read(_surroundings, file) : null;
        using var opened = choice.Open();
        if (opened is not LinuxMachine machine)
            throw new UsageException(
                $"target '{choice.Target.Name}' is no live kernel; record one with --target linux");
        var runner = new Runner(machine, choice.SuiteFor(machine.Identity));
        var seed = Seed.Parse(parsed.GetValue(_seed)!, _surroundings.Clock);
        var verdict = Verdict.Conforms;
        for (var i = 0; i < (trace is null ? parsed.GetValue(_count) : 1) && !stop.IsCancellationRequested; i++)
        {
            var name = $"{machine.Identity.Version}-{(trace is null ? $"{seed:x}-{i}" : "trace")}.jsonl";
            var (spec, source, most) = trace is null
                ? Drawn(choice.Target.Terms, machine.Identity, seed, i)
                : (trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
            var path = Path.Combine(parsed.GetValue(_out)!, name);
            verdict = verdict.And(Record(runner, machine, path, spec, source, most));
        }

        LiveFiguresText.Print(Printer.Output(_surroundings), machine.Figures);
        return stop.IsCancellationRequested ? ExitCode.Inconclusive : ExitCodes.Of(verdict);
    }

    private static (MachineSpec Spec, IOperationSource Source, int Most) Drawn(
        TargetTerms terms, MachineIdentity machine, ulong seed, int sequence)
    {
        var random = new SplitMix(SplitMix.Derive(seed, (ulong)sequence));
        var sequences = terms.Sequences(machine);
        var spec = sequences.DrawSpec(ref random, machine.Levels);
        return (spec, sequences.DrawSource(ref random, spec, machine.Levels), terms.OperationsPerSequence);
    }

    private Verdict Record(
        Runner runner, LinuxMachine machine, string path, MachineSpec spec, IOperationSource source, int most)
    {
        var result = runner.Run(spec, source, most);
        WholeFile.Write(_surroundings, path, machine.Record);
        var printer = Printer.Output(_surroundings);
        printer.Line($"{path}: {result.Executed.Length} operations");
        printer.Verdict(result.Verdict, result.Violation is { } violation ? $": {violation}" : "");
        return result.Verdict;
    }
}
