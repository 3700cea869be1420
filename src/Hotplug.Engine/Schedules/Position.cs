using Hotplug.Contract;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>Why a CPU stands still.</summary>
public enum Standing : byte
{
    /// <summary>At a schedule point: it can go on.</summary>
    AtPoint,
    /// <summary>Before a lock: it can go on when the lock is free.</summary>
    BeforeLock,
    /// <summary>At a schedule point, until another CPU took a step.</summary>
    Awaiting,
    /// <summary>It has done everything.</summary>
    Done,
}

/// <summary>Where a CPU stands between two steps.</summary>
/// <param name="Standing">Why.</param>
/// <param name="Operation">Its operation at hand, from 0.</param>
/// <param name="Point">The schedule point that it passed last.</param>
/// <param name="Lock">The lock before which it stands, where it does.</param>
/// <param name="Page">The page that it told of; −1: none.</param>
public readonly record struct Position(Standing Standing, int Operation, SchedulePoint Point, LockId Lock, long Page)
{
    /// <summary>Prints the point's word, or what is waited for.</summary>
    public override string ToString() => Standing switch
    {
        Standing.BeforeLock => $"lock {Lock}",
        Standing.Done => "done",
        _ => SchedulePointTable.Of(Point).Word,
    };
}
