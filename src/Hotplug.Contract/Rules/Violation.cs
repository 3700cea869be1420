using System.Collections.Immutable;

namespace Hotplug.Contract.Rules;

/// <summary>Where a rule comes from: a kernel version, file and function, or a source document. Never a line number:
/// lines move.</summary>
/// <param name="Version">Kernel version, or the year of a source document.</param>
/// <param name="File">File, or the source document.</param>
/// <param name="Function">Function, or the passage.</param>
public sealed record Citation(string Version, string File, string Function)
{
    /// <summary>Prints <c>linux v6.12 mm/memory_hotplug.c offline_pages()</c>.</summary>
    public override string ToString() => Version.StartsWith('v')
        ? $"linux {Version} {File} {Function}()"
        : $"{File} ({Version}): {Function}";
}

/// <summary>A rule was broken: what was expected, what was seen, and where.</summary>
/// <param name="Rule">Word id of the rule: <c>zone.present-pages</c>.</param>
/// <param name="Subject">What it is about: <c>zone Normal of node 1</c>, <c>block 34</c>.</param>
/// <param name="Expected">What the rule demands, in words.</param>
/// <param name="Observed">What was seen, in words.</param>
/// <param name="Source">Where the rule comes from.</param>
/// <param name="Pages">The pages that show it; may be empty.</param>
public sealed record Violation(
    string Rule, string Subject, string Expected, string Observed, Citation Source, ImmutableArray<PageRange> Pages)
{
    /// <summary>A violation without pages.</summary>
    public Violation(string rule, string subject, string expected, string observed, Citation source)
        : this(rule, subject, expected, observed, source, [])
    {
    }

    /// <summary>One line: subject, expected, observed.</summary>
    public override string ToString() => $"{Rule}: {Subject} expected {Expected}, observed {Observed}";
}
