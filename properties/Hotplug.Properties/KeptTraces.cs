using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;
using Xunit;

namespace Hotplug.Properties;

/// <summary>
/// Sequences that are kept as data, because nobody draws them often: the simplest ways to every fact, what once
/// failed, and ways to where nobody comes by chance.
/// </summary>
internal static class KeptTraces
{
    /// <summary>The path of a file of this checkout.</summary>
    internal static string PathOf(string path)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ConformanceSuite.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("not in a clone of the repository");
        return Path.Combine(folder, path);
    }

    /// <summary>All of them, in an order that stays.</summary>
    internal static IEnumerable<Trace> All()
    {
        foreach (var file in (string[])["tests/Hotplug.Tests/Floors/FactWays.txt", "properties/Hotplug.Properties/RareWays.txt"])
            foreach (var way in File.ReadAllText(PathOf(file)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
                if (way[0] != '#')
                    yield return Read($"{TraceText.Header}{way[way.IndexOf('\n')..].TrimEnd()}\n");
        foreach (var file in Directory.GetFiles(PathOf("tests/Hotplug.Tests/Traces"), "*.trace").Order(StringComparer.Ordinal))
            yield return Read(File.ReadAllText(file));
    }

    /// <summary>Takes the machine of this runner along all of them; what was violated on which, or nothing.</summary>
    internal static string Violations(Runner runner) => string.Join('\n', All()
        .Where(way => Patience.Walk(runner, way.Spec, new TraceSource(way.Operations), int.MaxValue) != Verdict.Conforms)
        .Select(way => $"{runner.Violation}\n{way}"));

    private static Trace Read(string text)
    {
        Assert.True(TraceText.TryParse(text, out var trace, out var error), $"{error}\n{text}");
        return trace;
    }
}
