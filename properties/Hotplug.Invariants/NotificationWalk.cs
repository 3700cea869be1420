using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Invariants;

/// <summary>
/// Walks the events of an operation: the callbacks that one memory_notify() called, in a row, whatever they did in
/// between. Allocates nothing.
/// </summary>
/// <param name="effects">What the operation did.</param>
/// <param name="pagesPerBlock">Pages of a memory block.</param>
public ref struct NotificationWalk(ReadOnlySpan<Effect> effects, int pagesPerBlock)
{
    private readonly ReadOnlySpan<Effect> _effects = effects;

    /// <summary>Which event it is.</summary>
    public MemoryNotification Notification { get; private set; }

    /// <summary>The pages that its argument names.</summary>
    public PageRange Range { get; private set; }

    /// <summary>The memory block of these pages.</summary>
    public long Block { get; private set; }

    /// <summary>Index of the effect of its first callback.</summary>
    public int First { get; private set; }

    /// <summary>Index after the effect of its last callback.</summary>
    public int End { get; private set; }

    /// <summary>Index of the effect of the callback that refused; −1 if none did.</summary>
    public int RefusedAt { get; private set; }

    /// <summary>True if a callback refused.</summary>
    public readonly bool IsRefused => RefusedAt >= 0;

    /// <summary>Goes to the next event; false when there is none.</summary>
    public bool MoveNext()
    {
        var at = End;
        while (at < _effects.Length && _effects[at].Kind != EffectKind.Notified)
            at++;
        if (at == _effects.Length)
            return false;
        Notification = _effects[at].Notification;
        Range = _effects[at].Range;
        Block = Range.Start / pagesPerBlock;
        First = at;
        RefusedAt = -1;
        for (; at < _effects.Length; at++)
        {
            if (_effects[at].Kind != EffectKind.Notified)
                continue;
            if (_effects[at].Notification != Notification || _effects[at].Range != Range)
                break;
            End = at + 1;
            if (_effects[at].Errno != Errno.None && RefusedAt < 0)
                RefusedAt = at;
        }

        return true;
    }

    /// <summary>Goes to the next event of this block; false when there is none.</summary>
    public bool MoveNextOf(long block)
    {
        while (MoveNext())
            if (Block == block)
                return true;
        return false;
    }
}
