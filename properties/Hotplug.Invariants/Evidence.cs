using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Turns what a check found into a <see cref="Violation"/>. Only ever called for a broken rule: here strings are made.</summary>
internal static class Evidence
{
    /// <summary>A violation without pages.</summary>
    internal static Violation Against(Invariant rule, string subject, string expected, string observed) =>
        new(rule.Id, subject, expected, observed, rule.Source);

    /// <summary>A violation with the pages that show it.</summary>
    internal static Violation Against(Invariant rule, string subject, string expected, string observed, PageRange pages) =>
        new(rule.Id, subject, expected, observed, rule.Source, [pages]);

    /// <summary>A violation shown by the pages at these offsets of a block.</summary>
    internal static Violation Against(
        Invariant rule, MachineSpec spec, int block, int start, int count, string expected, string observed)
    {
        var pages = new PageRange(spec.PagesOf(block).Start + start, count);
        return Against(rule, $"block {block}", expected, $"{observed} on {Count(count, "page")} {pages}", pages);
    }

    /// <summary>A violation about a counter of a zone.</summary>
    internal static Violation Miscount(Invariant rule, ZoneId zone, string counter, long expected, long observed)
    {
        var more = observed > expected ? "too many" : "too few";
        return Against(rule, zone.ToString(), $"{counter} {expected}",
            $"{observed} ({Count(Math.Abs(observed - expected), "page")} {more})");
    }

    /// <summary><c>1 page</c>, <c>2 pages</c>.</summary>
    internal static string Count(long count, string unit) => count == 1 ? $"1 {unit}" : $"{count} {unit}s";

    /// <summary>The state of a block in words.</summary>
    internal static string Print(BlockObservation? block) => block switch
    {
        null => "absent",
        { IsOnline: true } => $"{Words.Of(block.State)} in {block.CountedIn}",
        _ => Words.Of(block.State),
    };
}
