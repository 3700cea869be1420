using System.Collections.Immutable;

namespace Hotplug.Model.States;

/// <summary>What the model knows of a device memory.</summary>
/// <param name="Id">N of mN.</param>
/// <param name="Plugged">Plugged sub-blocks.</param>
internal sealed record DeviceMemory(int Id, long Plugged)
{
    /// <summary>Which sub-blocks are plugged, one bit each; default when the machine never told.</summary>
    public ImmutableArray<ulong> Map { get; init; }

    /// <summary>True if the map is known.</summary>
    public bool MapKnown => !Map.IsDefault;

    /// <summary>True if the sub-block is plugged; only when the map is known.</summary>
    public bool IsPlugged(long subBlock) => (Map[(int)(subBlock / 64)] >> (int)(subBlock % 64) & 1) != 0;

    /// <summary>The device memory with sub-blocks [start, start + count) plugged or unplugged.</summary>
    public DeviceMemory With(long start, long count, bool plugged)
    {
        var map = Map.ToArray();
        for (var i = start; i < start + count; i++)
        {
            var bit = 1UL << (int)(i % 64);
            map[(int)(i / 64)] = plugged ? map[(int)(i / 64)] | bit : map[(int)(i / 64)] & ~bit;
        }

        return this with { Map = [.. map] };
    }

    /// <summary>Plugged sub-blocks in [start, start + count); only when the map is known.</summary>
    public long CountPlugged(long start, long count)
    {
        long plugged = 0;
        for (var i = start; i < start + count; i++)
            if (IsPlugged(i))
                plugged++;
        return plugged;
    }

    /// <inheritdoc/>
    public bool Equals(DeviceMemory? other) => other is not null && Id == other.Id && Plugged == other.Plugged
        && MapKnown == other.MapKnown && (!MapKnown || Map.AsSpan().SequenceEqual(other.Map.AsSpan()));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Plugged);
}
