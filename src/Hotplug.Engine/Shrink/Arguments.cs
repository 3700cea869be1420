using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Shrink;

/// <summary>Makes the numbers of a failure smaller, from the left: kinds, names, amounts.</summary>
internal static class Arguments
{
    /// <summary>True if something became simpler.</summary>
    internal static bool TrySimpler(Attempts attempts)
    {
        var any = Renumbering.TrySimpler(attempts);
        var numbers = new List<OperationNumber>();
        for (var i = 0; i < attempts.Length; i++)
        {
            OperationNumber.List(attempts.Best[i], numbers);
            foreach (var number in numbers)
                any |= i < attempts.Length && TryLower(attempts, i, number);
        }

        return any;
    }

    private static bool TryLower(Attempts attempts, int index, OperationNumber number)
    {
        var value = number.Get(attempts.Best[index]);
        if (number.Place == NumberPlace.Kind)
            return TryLowerKind(attempts, index);
        if (value <= number.Simplest)
            return false;
        if (number.IsWord)
            return TryUpwards(attempts, index, number, value);
        var failed = number.Simplest - 1;
        foreach (var candidate in Candidates(attempts, number, value))
        {
            if (Try(attempts, index, number, candidate))
            {
                Bisect(attempts, index, number, failed);
                return true;
            }

            failed = candidate;
        }

        return false;
    }

    // A kind of the same form: online_movable may become online.
    private static bool TryLowerKind(Attempts attempts, int index)
    {
        var operation = attempts.Best[index];
        var form = OperationTable.Of(operation.Kind);
        for (var kind = OperationKind.Add; kind < operation.Kind; kind++)
        {
            var simpler = OperationTable.Of(kind);
            if (simpler.Subject == form.Subject && simpler.Level == form.Level && SameParameters(simpler, form)
                && attempts.TryWith(index, operation with { Kind = kind }))
                return true;
        }

        return false;
    }

    private static bool SameParameters(OperationForm one, OperationForm other)
    {
        if (one.Parameters.Length != other.Parameters.Length)
            return false;
        for (var i = 0; i < one.Parameters.Length; i++)
            if (one.Parameters[i].Key != other.Parameters[i].Key)
                return false;
        return true;
    }

    private static bool TryUpwards(Attempts attempts, int index, OperationNumber number, long value)
    {
        for (var candidate = number.Simplest; candidate < value; candidate++)
            if (Try(attempts, index, number, candidate))
                return true;
        return false;
    }

    // Sizes that machines care about, then halves: much of what fails at N does not fail at N - 1, but at the next
    // whole block.
    private static IEnumerable<long> Candidates(Attempts attempts, OperationNumber number, long value)
    {
        var pageblock = (long)attempts.Spec.PagesPerPageblock;
        var block = (long)attempts.Spec.PagesPerBlock;
        ReadOnlySpan<long> sizes =
        [
            number.Simplest, number.Simplest + 1, pageblock, block, 2 * block, value / 2, value / 2 / block * block,
            value - block, value - pageblock, value - 1,
        ];
        var ascending = sizes.ToArray();
        Array.Sort(ascending);
        return ascending.Distinct().Where(size => size >= number.Simplest && size < value);
    }

    // The value that works is the best one's; one below it did not.
    private static void Bisect(Attempts attempts, int index, OperationNumber number, long failed)
    {
        while (index < attempts.Length)
        {
            var works = number.Get(attempts.Best[index]);
            if (works - failed <= 1)
                return;
            var middle = failed + ((works - failed) / 2);
            if (!Try(attempts, index, number, middle))
                failed = middle;
        }
    }

    private static bool Try(Attempts attempts, int index, OperationNumber number, long value) =>
        index < attempts.Length && attempts.TryWith(index, number.With(attempts.Best[index], value));
}
