using System.Collections.Immutable;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Gates;

/// <summary>
/// One thread of a campaign, with a rig of its own. Every worker counts for itself: a number that all of them write
/// would be what they wait for.
/// </summary>
internal sealed class Worker
{
    /// <summary>What is run is a kept failure, and no sequence of the campaign.</summary>
    internal const long FromTrace = -1;

    private readonly Reached _reached;
    private long _sequence;
    private long _sequences;
    private long _operations;

    internal Worker(Rig rig, ImmutableArray<Sometimes> facts)
    {
        Rig = rig;
        _reached = new Reached(facts, rig.Machine.Identity.Levels);
        Runner = new Runner(rig.Machine, rig.Suite) { Watcher = _reached };
    }

    internal Rig Rig { get; }

    internal Runner Runner { get; }

    internal Incidence Incidence { get; } = new();

    /// <summary>What its runs reached, and what was chosen for them; answers are the runner's.</summary>
    internal IEnumerable<Reach> Reached =>
        _reached.All.Concat(Rig.Sequences is ICountsChoices counts ? counts.Choices : []);

    /// <summary>
    /// The sequence at hand; <see cref="FromTrace"/> for a kept failure. Read by the watcher's thread too.
    /// </summary>
    internal long Sequence
    {
        get => Volatile.Read(ref _sequence);
        set => Volatile.Write(ref _sequence, value);
    }

    internal long Sequences
    {
        get => Volatile.Read(ref _sequences);
        set => Volatile.Write(ref _sequences, value);
    }

    internal long Operations
    {
        get => Volatile.Read(ref _operations);
        set => Volatile.Write(ref _operations, value);
    }
}
