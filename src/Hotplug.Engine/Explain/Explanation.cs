using System.Collections.Immutable;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Explain;

/// <summary>What a number or a word of an operation is to a failure.</summary>
/// <param name="Key">Its key in the text form; <c>block</c> and <c>page</c> for those of a name, <c>operation</c> for
/// the operation's own word.</param>
/// <param name="Value">Its value.</param>
/// <param name="StillFails">Other values with which the same rule breaks.</param>
/// <param name="Conforms">Other values with which it does not.</param>
public sealed record ArgumentWeight(
    string Key, string Value, ImmutableArray<string> StillFails, ImmutableArray<string> Conforms)
{
    /// <summary>Every other value that was tried breaks the same rule.</summary>
    public bool IsFree => Conforms.IsEmpty && !StillFails.IsEmpty;
}

/// <summary>What an operation is to a failure.</summary>
/// <param name="Index">Its place in the trace, from 0.</param>
/// <param name="Operation">The operation.</param>
/// <param name="IsNeeded">Without it the rule is not broken.</param>
/// <param name="Without">What the failing operation answers without it, where it is another one and is needed.</param>
/// <param name="Arguments">Its arguments of which others were tried.</param>
public sealed record OperationWeight(
    int Index, Operation Operation, bool IsNeeded, string Without, ImmutableArray<ArgumentWeight> Arguments);

/// <summary>Why a trace breaks a rule: every claim was verified by running the trace that it speaks of.</summary>
/// <param name="Operations">What each operation is to it.</param>
/// <param name="PartsAt">
/// The first step at which the machine is not as the rules have it: until then every step was judged and conforms. −1:
/// the start.
/// </param>
/// <param name="Changes">What that step changed of what can be seen, before and after, line by line.</param>
/// <param name="Executions">Runs that it took to know.</param>
public sealed record Explanation(
    ImmutableArray<OperationWeight> Operations, int PartsAt, ImmutableArray<string> Changes, int Executions);
