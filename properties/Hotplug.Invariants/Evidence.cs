using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>
/// Turns what a check found into a <see cref="Violation"/>. Only ever called for a broken rule: here strings are made.
/// </summary>
internal static class Evidence
{
    /// <summary>A violation without pages.</summary>
    internal static Violation Against(Invariant rule, string subject, string expected, string observed) =>
        new(rule.Id, subject, expected, observed, rule.Source);

    /// <summary>A violation with the pages that show it.</summary>
    internal static Violation Against(Invariant rule, string subject, string expected, string observed,
        PageRange pages) =>
        new(rule.Id, subject, expected, observed, rule.Source, [pages]);

    /// <summary>A violation shown by a whole block.</summary>
    internal static Violation AgainstBlock(Invariant rule, Transition seen, int block, string expected,
        string observed) =>
        Against(rule, $"block {block}", expected, observed, seen.Spec.PagesOf(block));

    /// <summary>A violation shown by the pages at these offsets of a block.</summary>
    internal static Violation AgainstPages(
        Invariant rule, Transition seen, int block, int start, int count, string expected, string observed)
    {
        var pages = new PageRange(seen.Spec.PagesOf(block).Start + start, count);
        return Against(rule, $"block {block}", expected, $"{observed} on {Count(count, "page")} {pages}", pages);
    }

    /// <summary>A violation shown by pages that changed.</summary>
    internal static Violation AgainstChange(Invariant rule, Transition seen, int block, in PageChange page) =>
        AgainstPages(rule, seen, block, page.Start, page.Count, $"{page.Before}, as before", page.After.ToString());

    /// <summary>A violation about a counter of a zone.</summary>
    internal static Violation Miscount(Invariant rule, ZoneId zone, string counter, long expected, long observed) =>
        Against(rule, zone.ToString(), $"{counter} {expected}", Surplus(expected, observed));

    /// <summary>What was seen, and by how much it is off: <c>96 (32 pages too many)</c>.</summary>
    internal static string Surplus(long expected, long observed) =>
        $"{observed} ({Count(Math.Abs(observed - expected), "page")} too {(observed > expected ? "many" : "few")})";

    /// <summary><c>1 page</c>, <c>2 pages</c>.</summary>
    internal static string Count(long count, string unit) => count == 1 ? $"1 {unit}" : $"{count} {unit}s";

    /// <summary>The state of a block in words.</summary>
    internal static string Print(BlockObservation? block) => block switch
    {
        null => "absent",
        { IsOnline: true } => $"{Words.Of(block.State)} in {block.CountedIn}",
        _ => Words.Of(block.State),
    };

    /// <summary>The wire word of the operation.</summary>
    internal static string Word(Transition seen) => OperationTable.Of(seen.Operation.Kind).Word;
}
