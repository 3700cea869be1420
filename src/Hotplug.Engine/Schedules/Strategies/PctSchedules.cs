using Hotplug.Contract;

namespace Hotplug.Engine.Schedules.Strategies;

/// <summary>
/// PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010): the CPU of the highest priority goes on; priorities are
/// drawn, and at depth − 1 steps, drawn too, the one that runs falls below all others. With n CPUs and k steps a race
/// that d ordered steps make shows with a probability of at least 1 / (n·k^(d−1)) in each schedule.
/// </summary>
/// <remarks>k is the most steps that any schedule took so far.</remarks>
public sealed class PctSchedules(ulong seed, long schedules, int depth) : ISchedules
{
    private const int FirstGuess = 16;

    private readonly int[] _priorities = new int[Scheduler.MostCpus];
    private readonly int[] _changes = new int[Math.Max(depth - 1, 0)];
    private int _longest = FirstGuess;
    private int _steps;
    private int _lowest;
    private long _begun;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        if (_begun == schedules)
            return false;
        var random = new SplitMix(SplitMix.Derive(seed, (ulong)_begun++));
        for (var cpu = 0; cpu < _priorities.Length; cpu++)
        {
            // A random order, built one by one.
            var place = random.Below(cpu + 1);
            _priorities[cpu] = _priorities[place];
            _priorities[place] = cpu + 1;
        }

        for (var i = 0; i < _changes.Length; i++)
            _changes[i] = 1 + random.Below(_longest);
        _lowest = 0;
        return true;
    }

    /// <inheritdoc/>
    public int Choose(in Choice choice)
    {
        _steps = choice.Step;
        foreach (var change in _changes)
            if (change == choice.Step)
                _priorities[choice.Last] = --_lowest;
        var best = -1;
        for (var cpu = 0; cpu < _priorities.Length; cpu++)
            if (choice.Can(cpu) && (best < 0 || _priorities[cpu] > _priorities[best]))
                best = cpu;
        return best;
    }

    /// <inheritdoc/>
    public void End(Footprint done) => _longest = Math.Max(_longest, _steps);
}
