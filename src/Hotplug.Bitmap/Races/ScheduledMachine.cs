using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap.Races;

/// <summary>The optimised machine under a schedule: between two points one operation has it for itself.</summary>
internal sealed class ScheduledMachine : IScheduledMachine, ISeeded
{
    private readonly ScheduleSeat _seat = new();
    private readonly BitmapMachine<Scheduled> _machine;

    public ScheduledMachine(string name, RaceFault? seeded)
    {
        _machine = new BitmapMachine<Scheduled>(name, new Scheduled(_seat, seeded));
        Identity = _machine.Identity with { Levels = _machine.Identity.Levels | Levels.Schedules };
    }

    public MachineIdentity Identity { get; }

    public long TimesBroken => _seat.TimesBroken;

    public IScheduler? Scheduler
    {
        get => _seat.Scheduler;
        set => _seat.Scheduler = value;
    }

    public void Reset(MachineSpec spec)
    {
        _seat.Mishaps.Clear();
        _machine.Reset(spec);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome) =>
        _machine.Execute(operation, target, outcome);

    public void Observe(Observation observation) => _machine.Observe(observation);

    public object Snapshot() => _machine.Snapshot();

    public void Restore(object snapshot)
    {
        _seat.Mishaps.Clear();
        _machine.Restore(snapshot);
    }

    public Violation? FindBrokenAlways() => BetweenSteps.FindBroken(_machine.State, _seat.Mishaps);

    public string DescribePage(long page) => BetweenSteps.Describe(_machine.State, page);

    public void Dispose() => _machine.Dispose();
}
