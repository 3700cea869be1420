using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Schedules;

/// <summary>The rules that the scheduler itself judges: some CPU can always go on, and all come to an end.</summary>
public static class ScheduleRules
{
    /// <summary>No CPU can go on, and not all have done everything.</summary>
    public const string Deadlock = "schedule.deadlock";

    /// <summary>The operations go on and on.</summary>
    public const string Livelock = "schedule.livelock";

    private static readonly Citation s_locks =
        new("v6.12", "Documentation/locking/lockdep-design.rst", "Lock dependency rules");
    private static readonly Citation s_ends = new("contract", "IScheduler.AwaitChange", "every operation ends");

    internal static Violation DeadlockOf(string graph) =>
        new(Deadlock, "the schedule", "a CPU that can go on", graph, s_locks);

    internal static Violation LivelockOf(int steps, string where) =>
        new(Livelock, "the schedule", $"an end within {steps} steps", where, s_ends);
}
