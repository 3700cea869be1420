using Hotplug.Adapters.Recording;
using Hotplug.Contract;
using Hotplug.Engine.Run;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Recording;

/// <summary>
/// A suite that accepts everything accepts recordings too: copies that contradict themselves must be refused.
/// </summary>
public sealed class ContradictionsTests(ITestOutputHelper output)
{
    private const int CopiesPerFieldAndFile = 6;

    [Fact]
    public void At_least_95_percent_of_contradictory_copies_are_refused_with_a_named_rule()
    {
        var random = new SplitMix(20261121);
        var made = 0;
        var accepted = new List<string>();
        foreach (var file in Bundled.Files)
            foreach (var copy in Sample(file, ref random))
            {
                made++;
                var run = Bundled.Parse(copy.Write());
                var result = Bundled.Judge(run);
                if (result.Verdict == Verdict.Violates)
                    Assert.NotEmpty(result.Violation!.Rule);
                else
                    accepted.Add($"{file}:{copy.Line}: {copy.Field}, {copy.Change}: {result.Verdict}");
            }

        foreach (var line in accepted)
            output.WriteLine(line);
        Assert.True(made > 1000, $"only {made} copies were made");
        Assert.True(accepted.Count * 20 <= made,
            $"{accepted.Count} of {made} contradictory copies are accepted:\n{string.Join('\n', accepted)}");
    }

    [Theory]
    [InlineData(ContradictionField.BlockState)]
    [InlineData(ContradictionField.BlockLeftOut)]
    [InlineData(ContradictionField.BlockZone)]
    [InlineData(ContradictionField.Answer)]
    [InlineData(ContradictionField.ZoneCounter)]
    [InlineData(ContradictionField.DeviceMemorySize)]
    [InlineData(ContradictionField.PageOffline)]
    public void Copies_of_every_field_are_made(ContradictionField field)
    {
        Assert.Contains(Bundled.Files,
            file => Contradictions.Of(file, Contradictions.TextOf(file)).Any(c => c.Field == field));
    }

    private static List<Contradiction> Sample(string file, ref SplitMix random)
    {
        var sample = new List<Contradiction>();
        foreach (var field in Contradictions.Of(file, Contradictions.TextOf(file)).GroupBy(static c => c.Field))
        {
            var copies = field.ToList();
            for (var i = 0; i < CopiesPerFieldAndFile && copies.Count > 0; i++)
            {
                var chosen = random.Below(copies.Count);
                sample.Add(copies[chosen]);
                copies.RemoveAt(chosen);
            }
        }

        return sample;
    }
}
