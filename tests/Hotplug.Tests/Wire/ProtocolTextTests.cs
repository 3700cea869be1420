using System.Text.RegularExpressions;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Wire;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Wire;

/// <summary>PROTOCOL.md says what the code does: every word and number that travels stands there.</summary>
public sealed class ProtocolTextTests
{
    private static readonly string s_text =
        File.ReadAllText(Path.Combine(Repository.Root, "src/Hotplug.Contract/Wire/PROTOCOL.md"));

    public static TheoryData<string> Told()
    {
        string[] words =
        [
            .. LevelsText.All.Select(static l => l.Word), .. VisibilityText.All.Select(static v => v.Word),
            .. SpecText.Keys, .. Words.AllOf<WitnessRole>(), .. Words.AllOf<BlockState>(), .. Words.AllOf<ZoneKind>(),
            .. Words.AllOf<WireRequestKind>(), .. Words.AllOf<MemmapOnMemory>(), .. Words.AllOf<AutoOnline>(),
            .. Dialect.All.Select(static d => d.Name), WireProtocol.MalformedError, WireProtocol.UnknownRequestError,
            WireProtocol.VersionError, WireProtocol.TooLongError, WireProtocol.NotResetError, WireProtocol.RefusedError,
            WireProtocol.ResetCapability, WireProtocol.ChangesCapability,
        ];
        return [.. words.Distinct()];
    }

    [Theory]
    [MemberData(nameof(Told))]
    public void Every_word_stands_in_the_text(string word) =>
        Assert.True(s_text.Contains($"`{word}`", StringComparison.Ordinal)
            || s_text.Contains($"### {word}\n", StringComparison.Ordinal),
            $"PROTOCOL.md does not tell `{word}`");

    [Fact]
    public void Every_verb_of_the_guests_agent_stands_in_the_text()
    {
        var server = File.ReadAllText(Path.Combine(Repository.Root, "src/Hotplug.Agent/Server.cs"));
        var verbs = Regex.Matches(server, """case "([a-z]+)":""").Select(static m => m.Groups[1].Value).ToArray();
        Assert.True(verbs.Length >= 12, $"{verbs.Length} verbs were found in the agent");
        var table = s_text[s_text.IndexOf("## 6.", StringComparison.Ordinal)..];
        Assert.All(verbs, verb => Assert.Contains($"`{verb}`", table, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_flag_of_a_page_stands_in_the_text() => Assert.All(
        Enum.GetValues<PageFlags>().Where(static f => f != PageFlags.None),
        static flag => Assert.Contains($"\n| {(int)flag} | ", s_text, StringComparison.Ordinal));

    [Fact]
    public void The_limits_stand_in_the_text()
    {
        Assert.Contains($"{WireProtocol.MostRequestBytes:N0} bytes", s_text, StringComparison.Ordinal);
        Assert.Contains($"{WireProtocol.MostReplyBytes:N0}", s_text, StringComparison.Ordinal);
        Assert.Contains($"\"protocol\":{WireProtocol.Version}", s_text, StringComparison.Ordinal);
    }
}
