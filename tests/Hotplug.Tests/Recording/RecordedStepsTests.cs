using System.IO.Compression;
using System.Text.Json.Nodes;
using Hotplug.Adapters.Recording;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Invariants;
using Xunit;

namespace Hotplug.Tests.Recording;

/// <summary>Recordings that tell the steps of a real kernel: their order is judged, and a wrong order is
/// refused.</summary>
public sealed class RecordedStepsTests
{
    public static TheoryData<string> Recordings { get; } = [.. Names];

    private static IEnumerable<string> Names => Bundled.Files
        .Where(static f => f.Contains("-steps", StringComparison.Ordinal)).Select(static f => Path.GetFileName(f)!);

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Rules_about_order_apply_to_it(string name)
    {
        using var machine = new RecordingMachine(Bundled.Parse(TextOf(name)));
        Assert.True(machine.Identity.Levels.HasFlag(Levels.Effects));
        Assert.All(Catalogue.All.Where(static i => i.Family == Family.Notifiers),
            i => Assert.True(i.AppliesTo(machine.Identity), i.Id));
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_callback_asked_before_isolation_is_refused(string name) => Refused(name, "isolated", "notified");

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Lists_that_stay_disabled_are_refused(string name) => Refused(name, "pcp-enabled", null);

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_range_that_leaves_its_zone_too_early_is_refused(string name) =>
        Refused(name, "sections-offline", "removed-from-zone");

    [Theory]
    [InlineData("\"isolated\"", "\"insulated\"", "unknown word 'insulated' in 'fx'")]
    [InlineData("\"ok\"]", "\"EVERYTHING\"]", "'EVERYTHING' is no errno")]
    public void A_step_that_is_not_one_is_bad_input(string what, string by, string problem)
    {
        var lines = TextOf(Names.First()).Split('\n');
        var at = Array.FindIndex(lines, l => l.Contains("\"fx\":[", StringComparison.Ordinal)
            && l.Contains(what, StringComparison.Ordinal));
        lines[at] = lines[at].Replace(what, by, StringComparison.Ordinal);
        var failure = Assert.Throws<RecordingFormatException>(() => Bundled.Parse(string.Join('\n', lines)));
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }

    // Takes the first step of a kind in an offline that succeeded out, and puts it behind the last one of another kind.
    private static void Refused(string name, string kind, string? behind)
    {
        var lines = TextOf(name).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static l => JsonNode.Parse(l)!.AsObject()).ToArray();
        var steps = lines.First(static l => l["op"]?["val"]?.ToString() == "offline"
            && l["res"]!["rc"]!.GetValue<int>() == 0)["fx"]!.AsArray();
        var step = steps.First(s => s![0]!.ToString() == kind)!;
        steps.Remove(step);
        if (behind is not null)
            steps.Insert(steps.IndexOf(steps.Last(s => s![0]!.ToString() == behind)) + 1, step);
        var result = Bundled.Judge(Bundled.Parse(string.Join('\n', lines.Select(static l => l.ToJsonString()))));
        Assert.Equal(Verdict.Violates, result.Verdict);
    }

    private static string TextOf(string name)
    {
        using var file = new GZipStream(File.OpenRead(Bundled.File(name)), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
