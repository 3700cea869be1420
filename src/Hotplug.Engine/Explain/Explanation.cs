using System.Collections.Immutable;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Explain;

/// <summary>What an argument is to a failure.</summary>
/// <param name="Key">Its key in the text form; <c>subject</c> for what the operation names.</param>
/// <param name="Value">Its value.</param>
/// <param name="Tried">Operations with another value that were run in its place.</param>
/// <param name="StillFails">Those of them that broke the same rule.</param>
public sealed record ArgumentWeight(
    string Key, string Value, ImmutableArray<Operation> Tried, ImmutableArray<Operation> StillFails)
{
    /// <summary>Every other value that was tried breaks the same rule.</summary>
    public bool IsFree => Tried.Length > 0 && StillFails.Length == Tried.Length;
}

/// <summary>What an operation is to a failure.</summary>
/// <param name="Index">Its place in the trace, from 0.</param>
/// <param name="Operation">The operation.</param>
/// <param name="IsNeeded">Without it the rule is not broken.</param>
/// <param name="Arguments">Its arguments.</param>
public sealed record OperationWeight(
    int Index, Operation Operation, bool IsNeeded, ImmutableArray<ArgumentWeight> Arguments);

/// <summary>Why a trace breaks a rule: every claim was verified by running the trace that it speaks of.</summary>
/// <param name="Operations">What each operation is to it.</param>
/// <param name="Changes">What the failing operation changed of what can be seen, before and after, line by
/// line.</param>
/// <param name="Executions">Runs that it took to know.</param>
public sealed record Explanation(
    ImmutableArray<OperationWeight> Operations, ImmutableArray<string> Changes, int Executions);
