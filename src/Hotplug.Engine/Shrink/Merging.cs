using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// Puts two operations that differ by their amounts alone into one of both amounts: neither could be left out, and none
/// of the failure's own operations does what both did.
/// </summary>
internal static class Merging
{
    /// <summary>True if two became one.</summary>
    internal static bool TryShorter(Attempts attempts)
    {
        var any = false;
        for (var second = attempts.Length - 1; second > 0; second--)
            for (var first = Math.Min(second, attempts.Length) - 1; first >= 0 && second < attempts.Length; first--)
                any |= TryMerge(attempts, first, second);
        return any;
    }

    private static bool TryMerge(Attempts attempts, int first, int second)
    {
        var (one, other) = (attempts.Best[first], attempts.Best[second]);
        // One that is larger than a block is not simpler than two that are not.
        if (one.Amount <= 0 || other.Amount <= 0 || one.Amount > attempts.Spec.PagesPerBlock - other.Amount
            || one != other with { Amount = one.Amount })
            return false;
        var both = one with { Amount = one.Amount + other.Amount };
        return IsAllowed(both) && (attempts.TryMerged(first, second, both) || attempts.TryMerged(second, first, both));
    }

    private static bool IsAllowed(in Operation operation)
    {
        foreach (var parameter in OperationTable.Of(operation.Kind).Parameters)
            if (parameter.Field == OperationField.Amount)
                return parameter.Words.IsEmpty && operation.Amount <= parameter.High;
        return false;
    }
}
