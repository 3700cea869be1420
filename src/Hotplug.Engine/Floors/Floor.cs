using Hotplug.Contract;

namespace Hotplug.Engine.Floors;

/// <summary>How often something was reached.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="What">Which.</param>
/// <param name="Count">How often.</param>
public readonly record struct Reach(FloorKind Kind, string What, long Count);

/// <summary>What a gate must reach, and how often at least.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="What">Which.</param>
/// <param name="Least">How often at least in a default gate; 1 and up.</param>
public sealed record Floor(FloorKind Kind, string What, long Least)
{
    /// <summary>What so many sequences are to reach, where it is meant for <paramref name="whole"/>: in proportion, at
    /// least once.</summary>
    public Floor In(long sequences, long whole) =>
        sequences >= whole ? this : this with { Least = Math.Max(1, Least * sequences / whole) };

    /// <summary>Prints <c>answer add ENOMEM</c>.</summary>
    public override string ToString() => $"{Words.Of(Kind)} {What}";
}

/// <summary>A floor and what came of it.</summary>
/// <param name="Floor">The floor.</param>
/// <param name="Count">How often it was reached.</param>
public readonly record struct FloorShare(Floor Floor, long Count)
{
    /// <summary>It was reached often enough.</summary>
    public bool IsReached => Count >= Floor.Least;
}
