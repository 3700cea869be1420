using Hotplug.Contract;

namespace Hotplug.Benchmarks.Toy;

/// <summary>What the toy can do; each as likely as any other.</summary>
public enum ToyKind
{
    /// <summary>Add block 0..7.</summary>
    Add,
    /// <summary>Online block 0..7.</summary>
    Online,
    /// <summary>Offline block 0..7; refused while it holds allocated pages.</summary>
    Offline,
    /// <summary>Remove block 0..7; refused while it is online.</summary>
    Remove,
    /// <summary>Allocate the lowest free page.</summary>
    Alloc,
    /// <summary>Free the (i mod n)-th of the n allocated pages, i in 0..63.</summary>
    Free,
    /// <summary>Take the 1..64 lowest free pages offline.</summary>
    Inflate,
    /// <summary>Bring the 1..64 lowest such pages back.</summary>
    Deflate,
}

/// <summary>One step of the toy.</summary>
/// <param name="Kind">What.</param>
/// <param name="Argument">Its number.</param>
public readonly record struct ToyStep(ToyKind Kind, int Argument)
{
    /// <summary>Kinds of steps.</summary>
    public const int Kinds = 8;

    /// <summary>Most steps of a sequence; lengths are uniform from 1.</summary>
    public const int MostSteps = 100;

    private static ReadOnlySpan<byte> Masks => [7, 7, 7, 7, 0, 63, 63, 63];

    private static ReadOnlySpan<byte> Least => [0, 0, 0, 0, 0, 0, 1, 1];

    /// <summary>The smallest argument of a kind.</summary>
    public static int LeastOf(ToyKind kind) => Least[(int)kind];

    /// <summary>The largest argument of a kind.</summary>
    public static int MostOf(ToyKind kind) => Masks[(int)kind] + Least[(int)kind];

    /// <summary>A uniform step.</summary>
    public static ToyStep Draw(ref SplitMix random)
    {
        var bits = random.Next();
        var kind = (int)(bits & (Kinds - 1));
        return new ToyStep((ToyKind)kind, (int)(bits >> 32 & Masks[kind]) + Least[kind]);
    }
}
