namespace Hotplug.Generators;

/// <summary>
/// What guides the generator besides the state: each can be left out, to measure what it is worth
/// (tests/Hotplug.Benchmarks, section <c>finding</c>).
/// </summary>
[Flags]
public enum Guidance : byte
{
    /// <summary>Looking at the state, and nothing else.</summary>
    None = 0,

    /// <summary>Every run switches some arms off and boosts others.</summary>
    Swarm = 1,

    /// <summary>Runs are steered towards a family of invariants.</summary>
    Steering = 2,

    /// <summary>Operations that belong together follow each other.</summary>
    Sequences = 4,

    /// <summary>All of it: what a gate runs.</summary>
    Full = Swarm | Steering | Sequences,
}
