using System.Xml.Linq;
using Xunit;

namespace Hotplug.Tests.Conventions;

/// <summary>Arrows between projects point one way, as docs/ARCHITECTURE.md draws them.</summary>
public sealed class HouseTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new()
    {
        ["Hotplug.Contract"] = [],
        ["Hotplug.Agent"] = [],
        ["Hotplug.Model"] = ["Hotplug.Contract"],
        ["Hotplug.Bitmap"] = ["Hotplug.Contract"],
        ["Hotplug.Engine"] = ["Hotplug.Contract"],
        ["Hotplug.Adapters"] = ["Hotplug.Contract", "Hotplug.Engine"],
        ["Hotplug.Invariants"] = ["Hotplug.Contract"],
        ["Hotplug.Generators"] = ["Hotplug.Contract", "Hotplug.Engine"],
        ["FsCheck.Xunit"] = [],
        ["Hotplug.Properties"] =
        [
            "Hotplug.Contract", "Hotplug.Engine", "Hotplug.Model", "Hotplug.Bitmap", "Hotplug.Adapters",
            "Hotplug.Generators", "Hotplug.Invariants", "FsCheck.Xunit",
        ],
        ["Hotplug.Cli"] =
        [
            "Hotplug.Contract", "Hotplug.Engine", "Hotplug.Model", "Hotplug.Bitmap", "Hotplug.Adapters",
            "Hotplug.Generators", "Hotplug.Invariants",
        ],
    };

    [Fact]
    public void Every_project_references_only_what_the_architecture_allows()
    {
        foreach (var project in Repository.ProjectFiles())
        {
            var name = Path.GetFileNameWithoutExtension(project);
            if (name is "Hotplug.Tests" or "Hotplug.Benchmarks")
                continue;
            Assert.True(s_allowed.TryGetValue(name, out var allowed), $"{name} stands in no architecture: add it to docs/ARCHITECTURE.md and here");
            foreach (var reference in References(project))
                Assert.True(allowed.Contains(reference), $"{name} references {reference}; allowed: {string.Join(", ", allowed)}");
        }
    }

    [Fact]
    public void Model_machine_and_invariants_cannot_see_each_other()
    {
        string[] independent = ["Hotplug.Model", "Hotplug.Bitmap", "Hotplug.Invariants"];
        foreach (var project in Repository.ProjectFiles().Where(p => independent.Contains(Path.GetFileNameWithoutExtension(p))))
            Assert.Equal(["Hotplug.Contract"], References(project));
    }

    [Fact]
    public void FsCheck_stays_in_generators_properties_and_tests()
    {
        foreach (var project in Repository.ProjectFiles().Where(static p => Repository.Relative(p).StartsWith("src/", StringComparison.Ordinal)))
            Assert.DoesNotContain("FsCheck", File.ReadAllText(project));
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference")
        .Select(static r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/')));
}
