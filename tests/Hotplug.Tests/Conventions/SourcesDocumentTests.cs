using System.Reflection;
using System.Text.RegularExpressions;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using Xunit;

namespace Hotplug.Tests.Conventions;

/// <summary>docs/SOURCES.md names rules, faults and tests that there are.</summary>
public sealed class SourcesDocumentTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "SOURCES.md"));

    [Fact]
    public void Every_rule_that_it_names_is_an_invariant()
    {
        var families = Enum.GetValues<Family>().Select(static f => Words.Of(f).TrimEnd('s')).ToHashSet();
        Assert.DoesNotContain(Named("`([a-z]+(?:-[a-z]+)*\\.[a-z]+(?:-[a-z]+)*)`"),
            id => families.Contains(id[..id.IndexOf('.')]) && Catalogue.Find(id) is null);
    }

    [Fact]
    public void Every_fault_that_it_names_is_in_the_table() =>
        Assert.DoesNotContain(Named("fault `([a-z-]+)`"), static id => FaultTable.Find(id) is null);

    [Fact]
    public void Every_test_that_it_names_is_there()
    {
        var tests = typeof(SourcesDocumentTests).Assembly.GetTypes().SelectMany(static t => t.GetMethods(
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public)).Select(static m => $"{m.DeclaringType?.Name}.{m.Name}").ToHashSet();
        Assert.DoesNotContain(Named("`([A-Za-z0-9]+Tests\\.[A-Za-z0-9_]+)`"), name => !tests.Contains(name));
    }

    private static IEnumerable<string> Named(string pattern) =>
        Regex.Matches(s_text, pattern, RegexOptions.None, TimeSpan.FromSeconds(10)).Select(static m => m.Groups[1].Value).Distinct();
}
