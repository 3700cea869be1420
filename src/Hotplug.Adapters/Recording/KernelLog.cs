using System.Globalization;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// What a kernel's own messages tell: the page that it blames for a refusal, and why memory could not be added.
/// </summary>
internal static class KernelLog
{
    /// <summary>
    /// Pages that the kernel dumped because they could not be isolated or migrated: <c>dump_page(page, "unmovable
    /// page")</c> and <c>"migration failure"</c>. A dump begins with <c>page:… pfn:0x…</c>; a migration failure may
    /// come without it.
    /// </summary>
    public static IEnumerable<long> Culprits(IEnumerable<string> log)
    {
        var seen = new HashSet<long>();
        foreach (var line in log)
            if (TryPfn(line, out var pfn) && seen.Add(pfn))
                yield return pfn;
    }

    /// <summary>True if a dump in the log was made because isolation met a page that cannot be moved.</summary>
    public static bool SaysUnmovable(IEnumerable<string> log) =>
        log.Any(static l => l.Contains("page dumped because: unmovable page", StringComparison.Ordinal));

    /// <summary>
    /// True if the range was refused because it is not whole memory blocks. check_hotplug_memory_range().
    /// </summary>
    public static bool SaysUnaligned(IEnumerable<string> log) =>
        log.Any(static l => l.Contains("unaligned hotplug range", StringComparison.Ordinal));

    /// <summary>True if the ACPI memory device could not be added. acpi_memory_enable_device().</summary>
    public static bool SaysAddFailed(IEnumerable<string> log) =>
        log.Any(static l => l.Contains("add_memory failed", StringComparison.Ordinal));

    /// <summary>
    /// The line of a dead guest's console that shows a crash; null if it shows none, or only that memory was exhausted:
    /// a balloon or an allocation that takes everything may end a guest, and a console may be cut before its cause.
    /// </summary>
    public static string? Crash(IEnumerable<string> console)
    {
        foreach (var line in console)
            if (s_crashes.Any(c => line.Contains(c, StringComparison.Ordinal))
                && !line.Contains("System is deadlocked on memory", StringComparison.Ordinal)
                && !line.Contains("Out of memory", StringComparison.Ordinal))
                return line;
        return null;
    }

    /// <summary>True if a console tells that memory was used up: nobody's fault but that of who took it.</summary>
    public static bool SaysOutOfMemory(string console) =>
        console.Contains("deadlocked on memory", StringComparison.Ordinal)
        || console.Contains("Out of memory", StringComparison.Ordinal);

    private static readonly string[] s_crashes =
        ["kernel BUG at ", "BUG: ", "Oops: ", "general protection fault", "Kernel panic - not syncing", "double fault"];

    private static bool TryPfn(string line, out long pfn)
    {
        const string Dump = "pfn:0x", Migration = "migrating pfn ";
        pfn = 0;
        var at = line.IndexOf(Dump, StringComparison.Ordinal);
        if (at >= 0 && line.StartsWith("page:", StringComparison.Ordinal))
            return TryHex(line.AsSpan(at + Dump.Length), out pfn);
        return line.StartsWith(Migration, StringComparison.Ordinal) && TryHex(line.AsSpan(Migration.Length), out pfn);
    }

    private static bool TryHex(ReadOnlySpan<char> text, out long pfn)
    {
        var length = 0;
        while (length < text.Length && char.IsAsciiHexDigit(text[length]))
            length++;
        return long.TryParse(text[..length], NumberStyles.AllowHexSpecifier, null, out pfn);
    }
}
