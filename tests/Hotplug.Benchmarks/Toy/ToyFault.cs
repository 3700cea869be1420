namespace Hotplug.Benchmarks.Toy;

/// <summary>A mistake that the toy's memory makes on purpose.</summary>
public enum ToyFault
{
    /// <summary>None.</summary>
    None,
    /// <summary>Fault A: offline clears the inflated pages. Shortest failure: 4 operations.</summary>
    OfflineForgetsInflated,
    /// <summary>Fault B: deflate stops after the first block that it touches. Shortest failure: 7 operations.</summary>
    DeflateStopsAtBlock,
}
