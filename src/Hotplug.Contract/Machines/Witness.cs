namespace Hotplug.Contract.Machines;

/// <summary>What a witness range tells.</summary>
public enum WitnessRole : byte
{
    /// <summary>The range that <c>add</c> placed the device at.</summary>
    Placed,
    /// <summary>Pages that an allocation or a balloon took.</summary>
    Taken,
    /// <summary>Pages that a balloon or an allocation gave back.</summary>
    Released,
    /// <summary>Pages that were migrated: <see cref="Witness.From"/> is where the first one was.</summary>
    Migrated,
    /// <summary>Pages of device memory that were plugged.</summary>
    Plugged,
    /// <summary>Pages of device memory that were unplugged.</summary>
    Unplugged,
    /// <summary>The page that the machine's own message blames for a refusal.</summary>
    Culprit,
}

/// <summary>What the machine was free to choose, and chose: a run of pages and its role.</summary>
/// <param name="Role">What it tells.</param>
/// <param name="Range">The pages.</param>
/// <param name="From">Where the first page was before a migration; −1 otherwise. Pages keep their order.</param>
public readonly record struct Witness(WitnessRole Role, PageRange Range, long From = -1);
