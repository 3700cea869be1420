using System.CommandLine;
using Hotplug.Adapters.Qemu;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug reproduce</c>: makes a shell script that shows a live kernel's failure without us.</summary>
internal sealed class ReproduceCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetOptions _target;
    private readonly Argument<string> _file = new("file") { Description = "A trace that breaks a rule on a live kernel." };
    private readonly Option<string> _out = new("--out")
    {
        HelpName = "folder",
        Description = "Where the script is written, as <rule>.sh.",
        DefaultValueFactory = static _ => "out",
    };

    private ReproduceCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var reproduce = new ReproduceCommand(surroundings, targets);
        reproduce._file.Validators.Add(Bounds.RefuseOptions);
        var command = new Command("reproduce",
            "Write a shell script – QEMU, its monitor, commands in the guest – that shows a live kernel's failure.")
        {
            reproduce._file, reproduce._out,
        };
        reproduce._target.AddTo(command);
        command.SetAction(parsed => (int)reproduce.Execute(parsed));
        return command;
    }

    private ExitCode Execute(ParseResult parsed)
    {
        var file = parsed.GetValue(_file)!;
        var trace = TraceFile.Read(_surroundings, file);
        var choice = _target.Read(parsed, trace);
        using var opened = choice.Open();
        if (opened is not LinuxMachine machine)
            throw new UsageException($"target '{choice.Target.Name}' is no live kernel; its traces replay as they are");
        var runner = new Runner(machine, choice.SuiteFor(machine.Identity));
        var result = runner.Run(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        var printer = Printer.Output(_surroundings);
        if (result.Verdict != Verdict.Violates)
        {
            printer.Verdict(result.Verdict, $": {file} breaks no rule on {machine.Identity.Version}"
                + (choice.ExpectsNothing ? "" : "; --expect-nothing makes known defects break theirs"));
            return result.Verdict == Verdict.Conforms ? ExitCode.Usage : ExitCode.Inconclusive;
        }

        var path = Path.Combine(parsed.GetValue(_out)!, result.Violation!.Rule + ".sh");
        if (!Reproducer.TryPrint(trace.Spec, machine.Dialect, machine.Lines, result.Violation, out var script))
            throw new UsageException($"{file}: a shell has no way to do {script}; 'hotplug replay {file}' does it");
        WholeFile.Write(_surroundings, path, script);
        printer.Line($"{path} shows {result.Violation}");
        return ExitCode.Conforms;
    }
}
