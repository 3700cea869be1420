namespace Hotplug.Contract;

/// <summary>
/// The one source of randomness: SplitMix64 (Steele, Lea, Flood 2014). Seeded, passed by reference, equal on every
/// machine and version. <c>default</c> is the generator of seed 0.
/// </summary>
public struct SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked   // Arithmetic modulo 2^64 is the algorithm.
        {
            return Mix(_state += 0x9E3779B97F4A7C15);
        }
    }

    /// <summary>A number in [0, <paramref name="bound"/>); bound is at least 1. Bias is below 2^-32 for the bounds used
    /// here.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)(uint)bound) >> 32);

    /// <summary>A number in [0, <paramref name="bound"/>); bound is at least 1.</summary>
    public long Below(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number in [<paramref name="low"/>, <paramref name="high"/>], both inclusive.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    /// <summary>True in <paramref name="percent"/> of 100 cases.</summary>
    public bool Chance(int percent) => Below(100) < percent;

    /// <summary>A seed for a part of the work, so that parts are independent of each other and of their
    /// order.</summary>
    public static ulong Derive(ulong seed, ulong part)
    {
        unchecked
        {
            return Mix(Mix(seed + 0x9E3779B97F4A7C15) ^ (part * 0xD1B54A32D192ED03));
        }
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
