using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Walks the events of an operation. Allocates nothing; a copy walks on by itself.</summary>
/// <param name="seen">What was seen.</param>
public ref struct NotificationWalk(Transition seen)
{
    private readonly ReadOnlySpan<ChainEvent> _events = seen.Events;
    private readonly int _pagesPerBlock = seen.Spec.PagesPerBlock;
    private int _next;

    /// <summary>Which event it is.</summary>
    public readonly MemoryNotification Notification => _events[_next - 1].Notification;

    /// <summary>The pages that its argument names.</summary>
    public readonly PageRange Range => _events[_next - 1].Range;

    /// <summary>The memory block of these pages.</summary>
    public readonly long Block => BlockOf(_next - 1);

    /// <summary>Index of the effect of its first callback.</summary>
    public readonly int First => _events[_next - 1].First;

    /// <summary>Index after the effect of its last callback.</summary>
    public readonly int End => _events[_next - 1].End;

    /// <summary>Index of the effect of the callback that refused; −1 if none did.</summary>
    public readonly int RefusedAt => _events[_next - 1].RefusedAt;

    /// <summary>True if a callback refused.</summary>
    public readonly bool IsRefused => RefusedAt >= 0;

    /// <summary>True if it is the first event of its block.</summary>
    public readonly bool IsFirstOfBlock
    {
        get
        {
            for (var i = 0; i < _next - 1; i++)
                if (BlockOf(i) == Block)
                    return false;
            return true;
        }
    }

    /// <summary>Goes to the next event; false when there is none.</summary>
    public bool MoveNext() => ++_next <= _events.Length;

    /// <summary>Goes to the next event of this block; false when there is none.</summary>
    public bool MoveNextOf(long block)
    {
        while (MoveNext())
            if (Block == block)
                return true;
        return false;
    }

    private readonly long BlockOf(int index) => _events[index].Range.Start / _pagesPerBlock;
}
