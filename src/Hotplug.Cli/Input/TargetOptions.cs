using System.CommandLine;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Traces;

namespace Hotplug.Cli.Input;

/// <summary>The options that choose a machine: the same words in every command that runs one.</summary>
internal sealed class TargetOptions
{
    private readonly TargetTable _targets;
    private readonly Option<string?> _target;
    private readonly Option<string?> _fault = new("--fault")
    {
        HelpName = "id",
        Description = "Seed this fault into the machine on purpose; see 'hotplug list faults'.",
    };

    private readonly Option<string[]> _levels = new("--levels")
    {
        HelpName = "level",
        Description = "Judge these levels only; see 'hotplug list levels'. Default: all that the machine declares.",
        AllowMultipleArgumentsPerToken = true,
    };

    internal TargetOptions(TargetTable targets)
    {
        _targets = targets;
        _target = new("--target")
        {
            HelpName = "name",
            Description = $"The machine: {targets.Known}.",
        };
    }

    /// <summary>For a command that makes operations up.</summary>
    internal void AddAllTo(Command command)
    {
        AddTo(command);
        command.Add(_levels);
    }

    /// <summary>For a command that takes them from a trace.</summary>
    internal void AddTo(Command command)
    {
        command.Add(_target);
        command.Add(_fault);
    }

    internal Choice Read(ParseResult parsed) => Choice.Of(_targets,
        parsed.GetValue(_target) ?? _targets.Rows[0].Name, parsed.GetValue(_fault), parsed.GetValue(_levels) ?? []);

    internal Choice Read(ParseResult parsed, Trace trace) =>
        Choice.Of(_targets, trace, parsed.GetValue(_target), parsed.GetValue(_fault));
}
