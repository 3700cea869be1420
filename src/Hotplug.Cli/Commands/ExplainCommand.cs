using System.CommandLine;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Engine.Explain;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug explain</c>: what of a failing trace matters, and what the failing operation changed.</summary>
internal sealed class ExplainCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetOptions _target;
    private readonly Argument<string> _file = new("file") { Description = "A trace that breaks a rule." };

    private ExplainCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var explain = new ExplainCommand(surroundings, targets);
        explain._file.Validators.Add(Bounds.RefuseOptions);
        var command = new Command("explain",
            "Explain a failing trace: which operations and arguments matter, and what the failing one changed.")
        {
            explain._file,
        };
        explain._target.AddTo(command);
        command.SetAction(parsed => (int)explain.Execute(parsed));
        return command;
    }

    private ExitCode Execute(ParseResult parsed)
    {
        var file = parsed.GetValue(_file)!;
        var trace = TraceFile.Read(_surroundings, file);
        var choice = _target.Read(parsed, trace);
        using var machine = choice.Open();
        Supported.Demand(file, trace, machine.Identity);
        var runner = new Runner(machine, choice.SuiteFor(machine.Identity));
        var result = runner.Run(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        var printer = Printer.Output(_surroundings);
        if (result.Violation is null)
        {
            printer.Verdict(result.Verdict, ": there is nothing to explain");
            return ExitCodes.Of(result.Verdict);
        }

        printer.Text(FailureReport.Print(new Failure(machine.Identity, result, result.Executed.Length)
        {
            Explanation = new Explainer(runner).Explain(result),
        }, ReplayLine.For(_surroundings, file)));
        return ExitCodes.Of(result.Verdict);
    }
}
