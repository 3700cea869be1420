using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// Unplugging device memory may never end on a machine with one CPU: too_many_isolated(), mm/compaction.c, compares a
/// per-CPU counter that was not folded yet with lists that are empty by now; reclaim_throttle() lets no kernel thread
/// sleep, and the work that would fold the counter waits for the same CPU.
/// </summary>
internal sealed class UnplugLoops : IKnownDefect
{
    /// <inheritdoc/>
    public string Id => "unplug-loops";

    /// <inheritdoc/>
    public void Reset()
    {
        // Decides from one operation.
    }

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        if (seen.Operation.Kind is not (OperationKind.Unplug or OperationKind.Resize)
            || seen.Answer != Answer.Pending)
            return;
        foreach (var line in seen.Outcome.Log.AsSpan().EnumerateLines())
            if (line.StartsWith(Outcome.Endless, StringComparison.Ordinal)
                && line.Contains("too_many_isolated()", StringComparison.Ordinal)
                && line.Contains("alloc_contig_range", StringComparison.Ordinal))
                seen.Deviations.Predict(new Deviation(Id, DeviationKind.EndlessWork, Amount: 1));
    }
}
