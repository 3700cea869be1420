namespace Hotplug.Contract.Machines;

/// <summary>
/// What a machine declares that it implements. Nothing outside a declared level is generated; nothing inside one is
/// skipped in silence; a verdict names the levels that it certifies.
/// </summary>
[Flags]
public enum Levels
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Add, online, offline, remove, eject, allocation, references, policies, time.</summary>
    Core = 1 << 0,
    /// <summary>More than one node; node states.</summary>
    Numa = 1 << 1,
    /// <summary>Per-CPU page lists that can be drained, disabled and enabled (source document 002).</summary>
    Pcplists = 1 << 2,
    /// <summary>The memmap on the added memory itself (source document 001).</summary>
    MemmapOnMemory = 1 << 3,
    /// <summary>Balloons (source documents 003, 004).</summary>
    Balloon = 1 << 4,
    /// <summary>CMM (source document 000).</summary>
    Cmm = 1 << 5,
    /// <summary>Device memory that is plugged by sub-blocks: virtio-mem (source document 003).</summary>
    DeviceMemory = 1 << 6,
    /// <summary>The online_page callback slot (source documents 003, 004).</summary>
    OnlineCallback = 1 << 7,
    /// <summary>Memory failure.</summary>
    Hwpoison = 1 << 8,
    /// <summary>alloc_contig_range.</summary>
    Contig = 1 << 9,
    /// <summary>Injected failures.</summary>
    Faults = 1 << 10,
    /// <summary>The ordered log of what an operation did.</summary>
    Effects = 1 << 11,
    /// <summary>Deterministic schedules.</summary>
    Schedules = 1 << 12,
}

/// <summary>Text form of <see cref="Levels"/>: the words in declaration order, separated by blanks.</summary>
public static class LevelsText
{
    /// <summary>Every level and its word, in declaration order.</summary>
    public static IReadOnlyList<(Levels Level, string Word)> All { get; } =
        [.. Enum.GetValues<Levels>().Where(static l => l != Levels.None).Select(static l => (l, Words.Of(l)))];

    /// <summary>Prints the words of the set.</summary>
    public static string Print(Levels levels) =>
        string.Join(' ', All.Where(l => levels.HasFlag(l.Level)).Select(static l => l.Word));

    /// <summary>Reads one word.</summary>
    public static bool TryParse(string word, out Levels level)
    {
        level = All.FirstOrDefault(l => l.Word == word).Level;
        return level != Levels.None;
    }
}
