using System.CommandLine;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug replay</c>: takes a machine through traces and judges every step.</summary>
internal sealed class ReplayCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetOptions _target;
    private readonly Argument<string[]> _files = new("file")
    {
        Description = "Traces: what a failure left in out/, or your own; docs/TRACE.md describes the form.",
        Arity = ArgumentArity.OneOrMore,
    };

    private ReplayCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var replay = new ReplayCommand(surroundings, targets);
        replay._files.Validators.Add(Bounds.RefuseOptions);
        var command = new Command("replay",
            "Take a machine through traces: every operation with its answer, and the verdict.") { replay._files };
        replay._target.AddTo(command);
        command.SetAction(parsed => (int)replay.Execute(parsed));
        return command;
    }

    private ExitCode Execute(ParseResult parsed)
    {
        var files = parsed.GetValue(_files)!;
        var traces = files.Select(f => (File: f, Trace: TraceFile.Read(_surroundings, f))).ToArray();
        var verdict = Verdict.Conforms;
        foreach (var (file, trace) in traces)
            verdict = verdict.And(Replay(file, trace, _target.Read(parsed, trace)));
        return ExitCodes.Of(verdict);
    }

    private Verdict Replay(string file, Trace trace, Choice choice)
    {
        var printer = Printer.Output(_surroundings);
        using var machine = choice.Open();
        Supported.Demand(file, trace, machine.Identity);
        var result = new Runner(machine, choice.SuiteFor(machine.Identity))
            .Run(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        printer.Heading($"replay {file} on {machine.Identity.Name}");
        if (result.Violation is not null)
        {
            printer.Text(FailureReport.Print(new Failure(machine.Identity, result, result.Executed.Length),
                ReplayLine.For(_surroundings, file)));
            return result.Verdict;
        }

        printer.Line($"  machine {Describe(trace.Spec)}");
        for (var i = 0; i < result.Executed.Length; i++)
            printer.Line($"  {result.Executed[i]} -> {result.Answers[i]}");
        printer.Verdict(result.Verdict, trace.Note("rule") is { } rule
            ? $": {rule}, which this trace broke, holds" : "");
        return result.Verdict;
    }

    private static string Describe(MachineSpec spec) => SpecText.Print(spec) is { Length: > 0 } text
        ? text : "as by default";
}
