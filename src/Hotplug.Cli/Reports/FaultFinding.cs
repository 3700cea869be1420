using Hotplug.Cli.Targets;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Faults;

namespace Hotplug.Cli.Reports;

/// <summary>A seeded fault, and what came of looking for it.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Starts">Every search.</param>
/// <param name="ProvedLength">
/// Operations of the shortest trace in the small scopes, found by exploring them; null: not explored.
/// </param>
internal sealed record FaultFinding(SeededFault Fault, IReadOnlyList<TrialStart> Starts, int? ProvedLength)
{
    /// <summary>Every search found it, and nothing shorter than it says shows it.</summary>
    internal bool IsKilled => Starts.All(static s => s.Found is not null)
        && (ProvedLength is null || ProvedLength == Fault.Shortest);

    /// <summary>How many of the searches ended in a trace of the shortest length.</summary>
    internal int AtShortest => Starts.Count(s => s.Shrunk?.Minimal.Operations.Length == Fault.Shortest);

    /// <summary>Different traces that the searches ended in.</summary>
    internal int Answers => Starts.Where(static s => s.Shrunk is not null)
        .Select(static s => TraceText.Print(s.Shrunk!.Minimal)).Distinct().Count();

    /// <summary>Operations until it was found, in the middle of the searches.</summary>
    internal long MedianOperations => Median(Starts.Select(static s => s.Operations));

    /// <summary>Runs that shrinking took, in the middle of the searches.</summary>
    internal long MedianExecutions => Median(Starts.Select(static s => s.Shrunk?.Executions ?? 0));

    /// <summary>(State, operation) pairs that were tried on the smallest machines, for all searches together.</summary>
    internal long PairsTried => Starts.Select(static s => s.Shrunk?.PairsTried ?? 0).DefaultIfEmpty(0).Max();

    /// <summary>Operations of what it was shrunk to, in the middle of the searches.</summary>
    internal long MedianLength => Median(Starts.Select(static s => (long)(s.Shrunk?.Minimal.Operations.Length ?? 0)));

    /// <summary>All of them together, in two lines.</summary>
    internal static string[] Sums(IReadOnlyList<FaultFinding> findings)
    {
        var starts = findings.SelectMany(static f => f.Starts).ToArray();
        var found = starts.Where(static s => s.Found is not null).ToArray();
        return
        [
            $"{findings.Count(static f => f.IsKilled)} of {findings.Count} faults killed, by "
                + $"{findings.Select(static f => f.Fault.KilledBy).Distinct().Count()} rules; "
                + $"{found.Length} of {starts.Length} searches found theirs, after "
                + $"{GeometricMean(found.Select(static s => (double)s.Operations)):0} operations in the geometric mean; "
                + $"{found.Select(static s => (double)s.Shrunk!.Executions).DefaultIfEmpty(0).Average():0} runs to shrink",
            $"{findings.Sum(static f => f.AtShortest)} of {found.Length} failures shrank to the shortest length; "
                + $"{findings.Count(static f => f.Answers == 1)} of {findings.Count} faults have one answer, whatever they "
                + "began with; the smallest machines were asked "
                + $"{AveragePairs(findings):0} pairs of a state and an operation for each fault",
        ];
    }

    /// <summary>(State, operation) pairs that were tried for a fault, on average.</summary>
    internal static double AveragePairs(IReadOnlyList<FaultFinding> findings) =>
        findings.Select(static f => (double)f.PairsTried).DefaultIfEmpty(0).Average();

    private static double GeometricMean(IEnumerable<double> values) =>
        Math.Exp(values.Select(static v => Math.Log(Math.Max(1, v))).DefaultIfEmpty(0).Average());

    private static long Median(IEnumerable<long> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }
}
