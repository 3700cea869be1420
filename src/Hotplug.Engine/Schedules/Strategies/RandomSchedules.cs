using System.Numerics;
using Hotplug.Contract;

namespace Hotplug.Engine.Schedules.Strategies;

/// <summary>
/// Before every step any CPU that can take it, each as likely as the other. Schedule i depends on the seed and i alone.
/// </summary>
public sealed class RandomSchedules(ulong seed, long schedules) : ISchedules
{
    private SplitMix _random;
    private long _begun;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        if (_begun == schedules)
            return false;
        _random = new SplitMix(SplitMix.Derive(seed, (ulong)_begun++));
        return true;
    }

    /// <inheritdoc/>
    public int Choose(in Choice choice)
    {
        var enabled = choice.Enabled;
        var nth = BitOperations.IsPow2(enabled) ? 0 : _random.Below(BitOperations.PopCount(enabled));
        for (; nth > 0; nth--)
            enabled &= enabled - 1;
        return BitOperations.TrailingZeroCount(enabled);
    }

    /// <inheritdoc/>
    public void End(Footprint done)
    {
    }
}
