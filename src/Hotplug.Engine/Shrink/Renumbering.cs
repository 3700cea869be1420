using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// Gives things smaller numbers wherever they are named, all uses at once: d3 and d7 become d1 and d2.
/// </summary>
internal static class Renumbering
{
    /// <summary>True if something became simpler.</summary>
    internal static bool TrySimpler(Attempts attempts) =>
        TryKind(attempts, NameKind.Device) | TryKind(attempts, NameKind.Allocation) | TryKind(attempts, NameKind.RawBlock);

    private static bool TryKind(Attempts attempts, NameKind kind)
    {
        var numbers = new List<int>();
        foreach (ref readonly var operation in attempts.Best)
        {
            Note(operation.Subject, kind, numbers);
            Note(operation.At, kind, numbers);
        }

        if (numbers.Count == 0)
            return false;
        var byAppearance = TryOrder(attempts, kind, numbers);
        if (byAppearance)
            return true;
        numbers.Sort();
        return TryOrder(attempts, kind, numbers);
    }

    private static bool TryOrder(Attempts attempts, NameKind kind, List<int> numbers)
    {
        var renumbered = attempts.Best.ToArray();
        foreach (ref var operation in renumbered.AsSpan())
            operation = operation with
            {
                Subject = Renumber(operation.Subject, kind, numbers),
                At = Renumber(operation.At, kind, numbers),
            };
        return TraceOrder.Compare(renumbered, attempts.Best) < 0 && attempts.Try(attempts.Spec, renumbered);
    }

    private static void Note(Name name, NameKind kind, List<int> numbers)
    {
        if (name.Kind == kind && !IsFixed(name) && !numbers.Contains(name.Id))
            numbers.Add(name.Id);
    }

    private static Name Renumber(Name name, NameKind kind, List<int> numbers) => name.Kind != kind || IsFixed(name)
        ? name
        : name with { Id = numbers.IndexOf(name.Id) + (kind == NameKind.RawBlock ? 0 : 1) };

    private static bool IsFixed(Name name) => name is { Kind: NameKind.Device, Id: 0 };
}
