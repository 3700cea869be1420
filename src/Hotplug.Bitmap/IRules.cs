namespace Hotplug.Bitmap;

/// <summary>What the machine asks where a seeded fault could make it go wrong.</summary>
internal interface IRules
{
    /// <summary>True if the rule that the fault breaks is kept.</summary>
    bool Keeps(Fault fault);
}

/// <summary>Keeps every rule: each question is a constant, and the compiler removes it.</summary>
internal readonly struct Faithful : IRules
{
    public bool Keeps(Fault fault) => true;
}

/// <summary>Breaks one rule.</summary>
internal readonly struct Seeded(Fault seeded) : IRules
{
    public bool Keeps(Fault fault) => fault != seeded;
}
