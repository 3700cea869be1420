using Hotplug.Invariants;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Invariants;

public sealed class InvariantsDocumentTests
{
    private const string Update = "HOTPLUG_UPDATE_DOCS";

    [Fact]
    public void The_document_says_what_the_code_judges()
    {
        var path = Path.Combine(Repository.Root, "docs", "INVARIANTS.md");
        var printed = InvariantsDocument.Print();
        if (Environment.GetEnvironmentVariable(Update) == "1")
            File.WriteAllText(path, printed);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == printed,
            $"docs/INVARIANTS.md is not what the code judges: run this test once with {Update}=1, and commit the file");
    }
}
