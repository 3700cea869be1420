using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Tests.Engine.Fakes;

namespace Hotplug.Tests.Schedules;

/// <summary>
/// A machine of a few numbers and locks: <c>tick seconds=N</c> does what program N says. Between its steps it asks the
/// scheduler, as a machine does.
/// </summary>
internal sealed class ToyMachine(IReadOnlyDictionary<long, Action<ToyMachine, Outcome>> programs) : IScheduledMachine, ISeeded
{
    private readonly FakeMachine _blocks = new();

    /// <summary>How often it started afresh.</summary>
    internal int Resets { get; private set; }

    internal long[] Numbers { get; private set; } = new long[8];

    public long TimesBroken { get; set; }

    public MachineIdentity Identity => _blocks.Identity with { Levels = Levels.Core | Levels.Schedules };

    public IScheduler? Scheduler { get; set; }

    /// <summary>Called when it is looked at.</summary>
    internal Action? AtObserve { get; init; }

    /// <summary>It was given up.</summary>
    internal bool IsDisposed { get; private set; }

    /// <summary>Says what is broken between two steps.</summary>
    internal Func<ToyMachine, Violation?>? Always { get; init; }

    public void Reset(MachineSpec spec)
    {
        Resets++;
        Numbers = new long[8];
        _blocks.Reset(spec);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        if (operation.Kind == OperationKind.Tick)
            programs[operation.Amount](this, outcome);
        else
            _blocks.Execute(operation, target, outcome);
    }

    public void Observe(Observation observation)
    {
        AtObserve?.Invoke();
        _blocks.Observe(observation);
    }

    public object Snapshot() => Numbers.Clone();

    public void Restore(object snapshot) => Numbers = (long[])((long[])snapshot).Clone();

    public Violation? FindBrokenAlways() => Always?.Invoke(this);

    public string DescribePage(long page) => $"number {Numbers[page]}";

    public void Dispose() => IsDisposed = true;

    /// <summary>Adds one in two steps: what another adds in between is lost.</summary>
    internal void AddOne(int number)
    {
        var read = Numbers[number];
        Scheduler?.At(SchedulePoint.PutBeforeLastReference, number);
        Numbers[number] = read + 1;
    }

    /// <summary>Takes two locks, one after the other, and gives both back.</summary>
    internal void TakeBoth(LockName first, LockName second)
    {
        Scheduler?.Acquire(new LockId(first));
        Scheduler?.Acquire(new LockId(second));
        Scheduler?.Release(new LockId(second));
        Scheduler?.Release(new LockId(first));
    }
}
