using Hotplug.Cli.Input;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Targets;

/// <summary>The machine that the caller chose: a target, perhaps a seeded fault, perhaps fewer levels.</summary>
/// <param name="Target">The row.</param>
/// <param name="Fault">Id of the seeded fault; null for none.</param>
/// <param name="Levels">Levels that are judged; null for all that the machine declares.</param>
internal sealed record Choice(TargetRow Target, string? Fault, Levels? Levels)
{
    internal const string TargetNote = "target";
    internal const string FaultNote = "fault";

    /// <summary>What the caller named. Throws <see cref="UsageException"/> naming what is known.</summary>
    internal static Choice Of(TargetTable targets, string target, string? fault, IReadOnlyList<string> levels)
    {
        var row = targets.Find(target);
        if (fault is not null && row.Faults.All(f => f.Id != fault))
            throw new UsageException($"unknown fault '{fault}' of target '{target}'; known: "
                + (row.Faults.IsEmpty ? "none" : string.Join(", ", row.Faults.Select(static f => f.Id))));
        return new Choice(row, fault, levels.Count == 0 ? null : LevelWords.Parse(levels));
    }

    /// <summary>The machine that a trace was found on; what the caller names goes first.</summary>
    internal static Choice Of(TargetTable targets, Trace trace, string? target, string? fault) =>
        Of(targets, target ?? trace.Note(TargetNote) ?? targets.Rows[0].Name,
            fault ?? (target is null ? trace.Note(FaultNote) : null), []);

    /// <summary>The defects that are declared for its kernel count as violations like any other.</summary>
    internal bool ExpectsNothing { get; init; }

    /// <summary>What judges it.</summary>
    internal Suite SuiteFor(MachineIdentity machine)
    {
        var suite = Target.Terms.Suite(machine);
        return ExpectsNothing ? suite with { Defects = [] } : suite;
    }

    /// <summary>Opens it.</summary>
    internal IMachine Open()
    {
        var machine = Target.Open(Fault);
        if (Levels is not { } levels)
            return machine;
        var missing = levels & ~(machine.Identity.Levels | (Target.Races is null ? Contract.Machines.Levels.None : Contract.Machines.Levels.Schedules));
        if (missing == Contract.Machines.Levels.None)
            return new NarrowedMachine(machine, levels);
        throw new UsageException(
            $"--levels {LevelsText.Print(missing)}: target '{Target.Name}' has "
            + $"{LevelsText.Print(machine.Identity.Levels)}");
    }

    /// <summary>The trace with notes that let it be replayed on this machine.</summary>
    internal Trace Note(Trace trace)
    {
        trace = trace.WithNote(TargetNote, Target.Name);
        return Fault is null ? trace : trace.WithNote(FaultNote, Fault);
    }
}
