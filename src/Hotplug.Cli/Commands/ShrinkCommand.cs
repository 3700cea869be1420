using System.CommandLine;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Engine.Shrink;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug shrink</c>: makes a failing trace as simple as it gets.</summary>
internal sealed class ShrinkCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetOptions _target;
    private readonly Argument<string> _file = new("file") { Description = "A trace that breaks a rule." };
    private readonly Option<string> _out = new("--out")
    {
        HelpName = "folder",
        Description = "Where the shrunk trace is written, as <rule>.trace.",
        DefaultValueFactory = static _ => "out",
    };

    private ShrinkCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var shrink = new ShrinkCommand(surroundings, targets);
        shrink._file.Validators.Add(Bounds.RefuseOptions);
        var command = new Command("shrink",
            "Make a failing trace as short and as simple as it gets; it keeps breaking the same rule.")
        {
            shrink._file, shrink._out,
        };
        shrink._target.AddTo(command);
        command.SetAction(parsed => (int)shrink.Execute(parsed));
        return command;
    }

    private ExitCode Execute(ParseResult parsed)
    {
        var file = parsed.GetValue(_file)!;
        var trace = TraceFile.Read(_surroundings, file);
        var choice = _target.Read(parsed, trace);
        var printer = Printer.Output(_surroundings);
        using var machine = choice.Open();
        Supported.Demand(file, trace, machine.Identity);
        var runner = new Runner(machine, choice.SuiteFor(machine.Identity));
        var found = runner.Run(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        if (found.Violation is null)
        {
            printer.Verdict(found.Verdict,
                $": {file} breaks no rule on {machine.Identity.Name}, there is nothing to shrink");
            return ExitCode.Conforms;
        }

        var shrinker = new Shrinker(runner, choice.Target.Terms.Shrinking);
        var shrunk = ProgressLine.During(_surroundings, "shrink", _ => shrinker.Shrink(found));
        printer.Heading($"shrink {file} on {machine.Identity.Name}: {shrunk.Executions} runs");
        var failure = new Failure(machine.Identity, shrunk.Result, shrunk.OriginalLength)
        {
            Reproduced = shrunk.Reproduced,
            IsProvedMinimal = shrunk.IsProvedMinimal,
        };
        FailureFile.WriteAndPrint(_surroundings, printer,
            Path.Combine(parsed.GetValue(_out)!, failure.Violation.Rule + ".trace"),
            failure, choice);
        return ExitCodes.Of(shrunk.Result.Verdict);
    }
}
