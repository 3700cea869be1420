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

    private readonly Option<string?> _version = new("--kernel-version")
    {
        HelpName = "6.1|6.12",
        Description = "Of target linux: which of the kernels that scripts/fetch-kernel gets.",
    };

    private readonly Option<string?> _kernel = new("--kernel")
    {
        HelpName = "bzImage",
        Description = "Of target linux: a kernel of your own; with --modules.",
    };

    private readonly Option<string?> _modules = new("--modules")
    {
        HelpName = "folder",
        Description = "Of target linux: where the modules of --kernel are.",
    };

    private readonly Option<bool> _expectNothing = new("--expect-nothing")
    {
        Description = "Of target linux: known defects of the kernel, which 'hotplug list expected' lists, are violations too.",
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
        command.Add(_version);
        command.Add(_kernel);
        command.Add(_modules);
        command.Add(_expectNothing);
    }

    internal Choice Read(ParseResult parsed) => Choice.Of(_targets,
        NameOf(parsed) ?? _targets.Rows[0].Name, parsed.GetValue(_fault), parsed.GetValue(_levels) ?? [])
        with
    { ExpectsNothing = parsed.GetValue(_expectNothing) };

    internal Choice Read(ParseResult parsed, Trace trace) =>
        Choice.Of(_targets, trace, NameOf(parsed), parsed.GetValue(_fault))
        with
        { ExpectsNothing = parsed.GetValue(_expectNothing) };

    private string? NameOf(ParseResult parsed)
    {
        var target = parsed.GetValue(_target);
        var kernel = LinuxTarget.NameOf(parsed.GetValue(_version), parsed.GetValue(_kernel), parsed.GetValue(_modules));
        if (kernel is not null && target is not (null or LinuxTarget.Name))
            throw new UsageException(
                $"--target {target}: --kernel-version, --kernel and --modules are of target linux");
        return kernel ?? target;
    }
}
