using System.CommandLine;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Engine.Schedules.Search;

namespace Hotplug.Cli.Commands;

/// <summary>The machine under schedules that the caller chose.</summary>
/// <param name="Target">Its row.</param>
/// <param name="Races">The machine.</param>
/// <param name="Fault">The fault that is seeded; null: none.</param>
internal sealed record RaceChoice(TargetRow Target, RaceTarget Races, string? Fault)
{
    /// <summary>Its name, for readers.</summary>
    internal string Name => Fault is null ? Target.Name : $"{Target.Name}+{Fault}";

    /// <summary>A runner of it, judged by everything that applies.</summary>
    internal RaceRunner Open() => Open(Fault);

    /// <summary>The same with another fault.</summary>
    internal RaceRunner Open(string? fault)
    {
        IScheduledMachine machine = Races.Open(fault);
        return new RaceRunner(machine, Target.Terms.Suite(machine.Identity), Judges.Races());
    }

    /// <summary>
    /// What failed, as small as it gets where a rule is broken, and drawn; no picture where nothing can be drawn.
    /// </summary>
    internal (RaceFailure Failure, Interleaving? Picture) Examine(RaceFailure found)
    {
        using var runner = Open();
        var failure = found.Result.Verdict == Verdict.Violates ? new RaceShrinker(runner).Shrink(found) : found;
        return (failure, InterleavingRecorder.Record(runner, failure.Race, failure.Result.Run.Schedule));
    }
}

/// <summary>The options that choose a machine under schedules.</summary>
internal sealed class RaceRig
{
    private readonly TargetTable _targets;
    private readonly Option<string?> _target;
    private readonly Option<string?> _fault = new("--fault")
    {
        HelpName = "id",
        Description = "Seed this fault into the machine on purpose; '--all-faults' shows every one.",
    };

    internal RaceRig(TargetTable targets)
    {
        _targets = targets;
        _target = new("--target")
        {
            HelpName = "name",
            Description = $"The machine: {Known}.",
        };
    }

    internal void AddTo(Command command)
    {
        command.Add(_target);
        command.Add(_fault);
    }

    internal RaceChoice Read(ParseResult parsed)
    {
        var row = _targets.Find(parsed.GetValue(_target) ?? _targets.Rows[0].Name);
        if (row.Races is not { } races)
            throw new UsageException($"--target {row.Name}: its operations cannot overlap; those that can: {Known}");
        var fault = parsed.GetValue(_fault);
        if (fault is not null && races.Faults.All(f => f.Id != fault))
            throw new UsageException($"unknown fault '{fault}' of overlapping operations; known: "
                + string.Join(", ", races.Faults.Select(static f => f.Id)));
        return new RaceChoice(row, races, fault);
    }

    private string Known =>
        string.Join(", ", _targets.Rows.Where(static r => r.Races is not null).Select(static r => r.Name));
}
