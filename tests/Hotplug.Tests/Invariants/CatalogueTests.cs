using System.Reflection;
using Hotplug.Contract;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Invariants;

/// <summary>Every invariant is listed, named, worded and cited as the house demands.</summary>
public sealed class CatalogueTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_public_invariant_is_listed_once()
    {
        var declared = typeof(Catalogue).Assembly.GetExportedTypes()
            .SelectMany(static t => t.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(static f => f.FieldType == typeof(Invariant)).Select(static f =>
                (Invariant)f.GetValue(null)!).ToList();
        Assert.Equal(declared.Select(static i => i.Id).Order(), Catalogue.All.Select(static i => i.Id).Order());
    }

    [Fact]
    public void Ids_are_unique_words_that_begin_with_their_family()
    {
        Assert.Equal(Catalogue.All.Length, Catalogue.All.Select(static i => i.Id).Distinct().Count());
        Assert.All(Catalogue.All, static i => Assert.Matches("^[a-z]+(-[a-z]+)*\\.[a-z]+(-[a-z]+)*$", i.Id));
        Assert.All(Catalogue.All, static i => Assert.Contains(i.Id[..i.Id.IndexOf('.')],
            (string[])[Words.Of(i.Family), Words.Of(i.Family).TrimEnd('s')]));
    }

    [Fact]
    public void Statement_and_bug_are_one_sentence_each() => Assert.All(Catalogue.All, static i =>
    {
        foreach (var sentence in (string[])[i.Statement, i.Catches])
        {
            Assert.True(char.IsUpper(sentence[0]) && sentence[^1] == '.', $"{i.Id}: '{sentence}' is not a sentence");
            Assert.False(sentence[..^1].Contains(". ", StringComparison.Ordinal),
                $"{i.Id}: '{sentence}' is more than one sentence");
        }
    });

    [Fact]
    public void Every_invariant_states_a_level_and_cites_a_kernel_function_or_a_source_document() =>
        Assert.All(Catalogue.All, static i =>
    {
        Assert.NotEqual(default, i.Level);
        if (i.Source.File.StartsWith("source document ", StringComparison.Ordinal))
        {
            Assert.Matches("^20[0-9]{2}$", i.Source.Version);
            Assert.NotEmpty(i.Source.Function);
            return;
        }

        Assert.Matches("^v6\\.[0-9]+$", i.Source.Version);
        Assert.Matches("^[a-z][a-z0-9_/-]+\\.[ch]$", i.Source.File);
        Assert.Matches("^[A-Za-z_][A-Za-z0-9_]+$", i.Source.Function);
    });

    [Fact]
    public void Every_number_of_the_catalogue_is_judged_or_excused()
    {
        Assert.Equal(Enumerable.Range(1, 80), CatalogueNumbers.All.Select(static e => e.Number));
        Assert.All(CatalogueNumbers.All, static e => Assert.True(e.JudgedBy.Length > 0 || e.WhyNot.Length > 0,
            $"{e} is neither judged nor excused"));
        Assert.All(CatalogueNumbers.All.SelectMany(static e => e.JudgedBy), static i => Assert.Contains(i,
            Catalogue.All));
    }

    [Fact]
    public void Citations_are_true()
    {
        if (Environment.GetEnvironmentVariable("KERNEL_SRC") is not { Length: > 0 } tree)
        {
            output.WriteLine($"NOTHING LOOKED UP: KERNEL_SRC names no tree for {Catalogue.All.Length} citations");
            return;
        }

        var version = VersionOf(tree);
        var cited = Catalogue.All.Where(i => i.Source.Version == version).ToList();
        output.WriteLine($"{cited.Count} of {Catalogue.All.Length} citations are of {version} and looked up in {tree}");
        Assert.NotEmpty(cited);
        Assert.Empty(cited.Where(i => !IsTrue(tree,
            i.Source)).Select(static i => $"{i.Id}: {i.Source} does not exist"));
    }

    private static string VersionOf(string tree)
    {
        var fields = File.ReadLines(Path.Combine(tree, "Makefile")).Take(5).Select(static l => l.Split(" = "))
            .Where(static p => p.Length == 2).ToDictionary(static p => p[0], static p => p[1]);
        return $"v{fields["VERSION"]}.{fields["PATCHLEVEL"]}";
    }

    private static bool IsTrue(string tree, Citation source)
    {
        var file = Path.Combine(tree, source.File);
        return File.Exists(file) && System.Text.RegularExpressions.Regex.IsMatch(File.ReadAllText(file),
            $"\\b{source.Function}\\b", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(10));
    }
}
