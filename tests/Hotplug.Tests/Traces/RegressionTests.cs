using Hotplug.Bitmap;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Traces;

/// <summary>Every failure that was found and mended is a text trace here: it broke the rule of its note, and must not
/// again.</summary>
public sealed class RegressionTests
{
    public static TheoryData<string> Traces() => [.. Directory.GetFiles(
            Path.Combine(Repository.Root, "tests/Hotplug.Tests/Traces"), "*.trace")
        .Select(static f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Traces))]
    public void It_conforms(string file)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests/Hotplug.Tests/Traces", file));
        Assert.True(TraceText.TryParse(text, out var trace, out var error), $"{file}: {error}");
        Assert.NotNull(trace.Note("rule"));
        Assert.Contains("\n# ", text);
        using var machine = BitmapMachine.Create();
        var result = new Runner(machine, new Suite(new ReferenceModel(), Catalogue.All))
            .Run(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length);
        Assert.True(result.Verdict == Verdict.Conforms, $"{file}: {result.Violation}");
    }
}
