using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Run;

/// <summary>How often an operation answered in one way.</summary>
/// <param name="Kind">The operation.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Count">How often.</param>
public readonly record struct CoverageEntry(OperationKind Kind, Answer Answer, long Count);

/// <summary>Counts of (operation × answer): what was really reached.</summary>
public sealed class Coverage
{
    // One row per operation. Errnos up to the largest named one have a slot each, after one for every completion that
    // is not "finished"; the few above share a list.
    private const int Completions = 5;
    private const int Slots = Completions + (int)Errno.EHWPOISON + 1;

    private readonly long[] _counts = new long[OperationTable.Forms.Length * Slots];
    private readonly List<CoverageEntry> _unnamed = [];

    /// <summary>Operations counted.</summary>
    public long Operations { get; private set; }

    /// <summary>Counts one operation.</summary>
    public void Count(OperationKind kind, Answer answer) => Add(kind, answer, 1);

    /// <summary>How often the operation answered so.</summary>
    public long Of(OperationKind kind, Answer answer)
    {
        if (SlotOf(answer) is var slot and >= 0)
            return _counts[((int)kind * Slots) + slot];
        var index = _unnamed.FindIndex(e => e.Kind == kind && e.Answer == answer);
        return index < 0 ? 0 : _unnamed[index].Count;
    }

    /// <summary>What was reached: by operation, ok first, then by ascending errno, then the other ends.</summary>
    public IEnumerable<CoverageEntry> Entries =>
        Named().Concat(_unnamed)
            .OrderBy(static e => e.Kind).ThenBy(static e => e.Answer.Completion).ThenBy(static e => e.Answer.Errno);

    /// <summary>Adds the counts of the other.</summary>
    public void Merge(Coverage other)
    {
        foreach (var entry in other.Entries)
            Add(entry.Kind, entry.Answer, entry.Count);
    }

    private IEnumerable<CoverageEntry> Named()
    {
        for (var i = 0; i < _counts.Length; i++)
            if (_counts[i] > 0)
                yield return new CoverageEntry((OperationKind)(i / Slots), AnswerOf(i % Slots), _counts[i]);
    }

    private void Add(OperationKind kind, Answer answer, long count)
    {
        Operations += count;
        var slot = SlotOf(answer);
        if (slot >= 0)
            _counts[((int)kind * Slots) + slot] += count;
        else
            AddUnnamed(kind, answer, count);
    }

    // Apart, because a closure is allocated on entry.
    private void AddUnnamed(OperationKind kind, Answer answer, long count)
    {
        var index = _unnamed.FindIndex(e => e.Kind == kind && e.Answer == answer);
        if (index < 0)
            _unnamed.Add(new CoverageEntry(kind, answer, count));
        else
            _unnamed[index] = _unnamed[index] with { Count = _unnamed[index].Count + count };
    }

    private static int SlotOf(Answer answer) => answer.Completion != Completion.Finished
        ? (int)answer.Completion
        : answer.Errno is >= Errno.None and <= Errno.EHWPOISON ? Completions + (int)answer.Errno : -1;

    private static Answer AnswerOf(int slot) =>
        slot < Completions ? new Answer((Completion)slot, Errno.None) : Answer.Of((Errno)(slot - Completions));
}
