using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;

namespace Hotplug.Engine.Run;

/// <summary>What came of one run.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Executed">The operations carried out, the last one included that ended the run.</param>
/// <param name="Answers">What each of them answered; an operation that did not return answers
/// <c>unfinished</c>.</param>
/// <param name="FailedAt">Index of the operation that ended the run; −1: none, or the start did.</param>
/// <param name="Violation">
/// The rule that was broken. Of an inconclusive run: why nothing is known (<see cref="EngineRules.HarnessFailed"/> or
/// <see cref="EngineRules.SuiteCrash"/>). Null if the run conforms.
/// </param>
/// <param name="Spec">The machine's spec.</param>
public sealed record RunResult(Verdict Verdict, ImmutableArray<Operation> Executed, ImmutableArray<Answer> Answers,
    int FailedAt, Violation? Violation, MachineSpec Spec)
{
    /// <summary>The run as a trace.</summary>
    public Trace ToTrace() => new(Spec, Executed);
}
