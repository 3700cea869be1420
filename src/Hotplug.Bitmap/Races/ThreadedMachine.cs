using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap.Races;

/// <summary>The optimised machine for real threads: operations of several may overlap.</summary>
internal sealed class ThreadedMachine : IThreadedMachine
{
    private readonly MachineLocks _locks = new();
    private readonly BitmapMachine<Threaded> _machine;

    public ThreadedMachine() => _machine = new BitmapMachine<Threaded>("bitmap-threaded", new Threaded(_locks));

    public MachineIdentity Identity => _machine.Identity;

    public void Reset(MachineSpec spec)
    {
        _locks.Mishaps.Clear();
        _machine.Reset(spec);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        _locks.Enter();
        try
        {
            _machine.Execute(operation, target, outcome);
        }
        finally
        {
            _locks.Leave();
        }
    }

    public void Observe(Observation observation)
    {
        _locks.Enter();
        try
        {
            _machine.Observe(observation);
        }
        finally
        {
            _locks.Leave();
        }
    }

    public Violation? FindBrokenAlways()
    {
        _locks.Enter();
        try
        {
            return BetweenSteps.FindBroken(_machine.State, _locks.Mishaps);
        }
        finally
        {
            _locks.Leave();
        }
    }

    public void Dispose() => _machine.Dispose();
}
