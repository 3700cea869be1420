using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Hotplug.Contract.Machines;

/// <summary>
/// What the machine answered, what it was free to choose, and what it did. One buffer is reused for every operation:
/// what it holds is valid until the next <see cref="IMachine.Execute"/>.
/// </summary>
public sealed class Outcome
{
    /// <summary>
    /// Begins a line of <see cref="Log"/> about work that the operation left behind and that runs on without getting
    /// anywhere, with what keeps it. Whoever drives a machine writes it: a kernel that loops says nothing.
    /// </summary>
    public const string Endless = "did not finish: ";

    private readonly List<Witness> _witness = [];
    private readonly List<Effect> _effects = [];

    /// <summary>How the operation ended.</summary>
    public Answer Answer { get; set; }

    /// <summary>What the machine chose, in the order it chose.</summary>
    public ReadOnlySpan<Witness> Witness => CollectionsMarshal.AsSpan(_witness);

    /// <summary>What the machine did, in order; empty unless it declares <see cref="Levels.Effects"/>.</summary>
    public ReadOnlySpan<Effect> Effects => CollectionsMarshal.AsSpan(_effects);

    /// <summary>What the machine printed, when that is evidence (kernel log lines); usually empty.</summary>
    public string Log { get; set; } = "";

    /// <summary>Empties the buffer: success, no witness, no effects.</summary>
    public void Clear()
    {
        Answer = Answer.Ok;
        _witness.Clear();
        _effects.Clear();
        Log = "";
    }

    /// <summary>Adds a witness.</summary>
    public void Add(in Witness witness) => _witness.Add(witness);

    /// <summary>Adds an effect.</summary>
    public void Add(in Effect effect) => _effects.Add(effect);

    /// <summary>Pages of all witnesses with this role.</summary>
    public long PagesOf(WitnessRole role)
    {
        long pages = 0;
        foreach (ref readonly var witness in Witness)
            if (witness.Role == role)
                pages += witness.Range.Count;
        return pages;
    }

    /// <summary>A copy that outlives the buffer.</summary>
    public OutcomeRecord ToRecord() => new(Answer, [.. _witness], [.. _effects], Log);
}

/// <summary>A copy of an <see cref="Outcome"/>, for histories and reports.</summary>
/// <param name="Answer">How the operation ended.</param>
/// <param name="Witness">What the machine chose.</param>
/// <param name="Effects">What the machine did.</param>
/// <param name="Log">What the machine printed.</param>
public sealed record OutcomeRecord(
    Answer Answer, ImmutableArray<Witness> Witness, ImmutableArray<Effect> Effects, string Log);
