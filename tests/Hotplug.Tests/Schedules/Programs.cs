using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;

namespace Hotplug.Tests.Schedules;

/// <summary>
/// Random programs for a toy: they read and write three numbers and take two locks. A schedule point of them stands for
/// the number that the step after it touches.
/// </summary>
internal sealed class Programs
{
    private static readonly SchedulePoint[] s_points =
        [SchedulePoint.OfflineAfterDisable, SchedulePoint.OfflineAfterDrain, SchedulePoint.OfflineAfterIsolation];

    private readonly Dictionary<long, Action<ToyMachine, Outcome>> _programs = [];

    internal static Programs Draw(ref SplitMix random)
    {
        var programs = new Programs();
        for (var number = 1; number <= 4; number++)
        {
            var steps = new (int Number, int Lock, int Factor)[number == 3 ? 2 : 1];
            for (var i = 0; i < steps.Length; i++)
                steps[i] = (random.Below(3), random.Below(3), random.Between(1, 5));
            programs._programs[number] = (toy, _) =>
            {
                foreach (var step in steps)
                    Take(toy, step.Number, step.Lock, step.Factor);
            };
        }

        return programs;
    }

    internal ToyMachine Machine() => new(_programs);

    /// <summary>Steps touch one number each; what comes before the first point touches none.</summary>
    internal Footprint FootprintOf(SchedulePoint point)
    {
        var thing = (SharedThings)(1 << Math.Max(0, Array.IndexOf(s_points, point)));
        return point == SchedulePoint.Begin ? default : new Footprint(thing, thing, 0);
    }

    // Neither commutes with itself by another factor.
    private static void Take(ToyMachine toy, int number, int locked, int factor)
    {
        var id = new LockId(locked == 1 ? LockName.Zone : LockName.Cmm);
        if (locked > 0)
            toy.Scheduler!.Acquire(id);
        toy.Scheduler!.At(s_points[number], number);
        toy.Numbers[number] = unchecked((toy.Numbers[number] * 7) + factor);
        if (locked > 0)
            toy.Scheduler!.Release(id);
    }
}

/// <summary>Nothing is broken between steps.</summary>
internal sealed class Unwatched : IStepWatch
{
    internal static Unwatched Instance { get; } = new();

    public Violation? After(int step, int cpu, Position from, Position to) => null;
}
