namespace Hotplug.Bitmap;

/// <summary>What the machine asks where a seeded fault could make it go wrong.</summary>
internal interface IRules
{
    /// <summary>How often a rule was broken.</summary>
    long TimesBroken { get; }

    /// <summary>True if the rule that the fault breaks is kept.</summary>
    bool Keeps(Fault fault);
}

/// <summary>Keeps every rule: each question is a constant, and the compiler removes it.</summary>
internal readonly struct Faithful : IRules
{
    public long TimesBroken => 0;

    public bool Keeps(Fault fault) => true;
}

/// <summary>Breaks one rule, and counts.</summary>
internal readonly struct Seeded(Fault seeded) : IRules
{
    // One count for all copies of the rules that a machine's parts have.
    private readonly long[] _broken = new long[1];

    public long TimesBroken => _broken[0];

    public bool Keeps(Fault fault)
    {
        if (fault != seeded)
            return true;
        _broken[0]++;
        return false;
    }
}
