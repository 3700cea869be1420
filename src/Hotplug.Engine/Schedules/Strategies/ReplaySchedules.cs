namespace Hotplug.Engine.Schedules.Strategies;

/// <summary>One given schedule, once. What it says of a CPU that cannot take a step is passed over.</summary>
public sealed class ReplaySchedules(Schedule schedule) : ISchedules
{
    private int _next = -1;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        if (_next >= 0)
            return false;
        _next = 0;
        return true;
    }

    /// <inheritdoc/>
    public int Choose(in Choice choice)
    {
        var switches = schedule.Switches;
        while (_next < switches.Length && switches[_next].Step < choice.Step)
            _next++;
        return _next < switches.Length && switches[_next].Step == choice.Step && choice.Can(switches[_next].Cpu)
            ? switches[_next].Cpu
            : choice.Usual;
    }

    /// <inheritdoc/>
    public void End(Footprint done)
    {
    }
}
