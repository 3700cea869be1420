using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules.Pictures;

/// <summary>One step of an interleaving.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Cpu">Who took it.</param>
/// <param name="From">Where the CPU came from.</param>
/// <param name="To">Where it stands now.</param>
/// <param name="Operation">Its operation, in text.</param>
/// <param name="Answer">What the operation answered, if it returned in this step.</param>
/// <param name="Page">The page that is fought over, after the step.</param>
/// <param name="IsPreemption">Another CPU could have gone on, and was not given the turn.</param>
public sealed record InterleavedStep(
    int Number, int Cpu, Position From, Position To, string Operation, string? Answer, string Page, bool IsPreemption)
{
    /// <summary>The operation begins in this step.</summary>
    public bool Begins => From is { Standing: Standing.AtPoint, Point: SchedulePoint.Begin };
}

/// <summary>An access that races: a CPU was about to take this step, and others came first.</summary>
/// <param name="Cpu">Who.</param>
/// <param name="Operation">What it was doing.</param>
/// <param name="Where">Where it stood.</param>
/// <param name="Step">The step that it took from there, if it came to that; −1: it did not.</param>
public sealed record RacingAccess(int Cpu, string Operation, Position Where, int Step);

/// <summary>An interleaving as a person reads it.</summary>
/// <param name="Race">The race.</param>
/// <param name="Violation">The rule that it breaks; null if none.</param>
/// <param name="Steps">Its steps, in order.</param>
/// <param name="Page">The page that is fought over; −1: none.</param>
/// <param name="PageBefore">That page before the first step.</param>
/// <param name="Accesses">The accesses that race, in pairs: who was interrupted, and who came between.</param>
public sealed record Interleaving(Race Race, Violation? Violation, ImmutableArray<InterleavedStep> Steps, long Page,
    string PageBefore, ImmutableArray<(RacingAccess Interrupted, RacingAccess Between)> Accesses);
