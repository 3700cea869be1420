using System.Text;
using Hotplug.Cli;
using Hotplug.Tests.Cli;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Stdio;

/// <summary>The protocol on the command line: <c>serve</c>, and targets that are programs.</summary>
public sealed class CommandTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Serve_answers_on_standard_output_until_bye()
    {
        using var shell = new Shell();
        using var input =
            new MemoryStream("{\"hello\":{\"protocol\":1}}\n{\"bye\":{}}\n{\"hello\":{\"protocol\":1}}\n"u8.ToArray());
        using var replies = new MemoryStream();
        shell.Surroundings = shell.Surroundings with { Wire = () => (input, replies) };
        Assert.Equal(ExitCode.Conforms, await shell.Run("serve", "--levels", "core"));
        var lines = Encoding.UTF8.GetString(replies.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains("\"levels\":[\"core\"]", lines[0]);
        Assert.Equal("{\"bye\":{}}", lines[1]);
    }

    [Fact]
    public async Task A_program_is_gated_and_its_failure_is_replayed_on_it()
    {
        using var shell = new Shell();
        var target = $"stdio:{Peers.Find(Peers.Serve, output)} --fault vmemmap-managed";
        Assert.Equal(ExitCode.Violates, await shell.Run("gate", "--target", target, "--budget", "300"));
        Assert.Contains("zone.managed-pages violated by bitmap", shell.Output);
        var trace = Assert.Single(Directory.GetFiles(shell.PathOf("out"), "*.trace"));
        Assert.Contains($"note target {target}\n", await File.ReadAllTextAsync(trace));
        Assert.Equal(ExitCode.Violates, await shell.Run("replay", trace));
        Assert.Contains("zone.managed-pages", shell.Output);
    }

    [Fact]
    public async Task A_program_that_cannot_be_started_is_inconclusive()
    {
        using var shell = new Shell();
        Assert.Equal(ExitCode.Inconclusive, await shell.Run("gate", "--target", "stdio:no-such-program-anywhere"));
        Assert.Contains("no program 'no-such-program-anywhere'", shell.Error);
    }

    [Theory]
    [InlineData("stdio:", "--target stdio:: no program; the form is stdio:COMMAND")]
    [InlineData("stdio:sh -c 'oops", "a quote ' is not closed")]
    [InlineData("studio:machine", "known: bitmap, linux, linux:VERSION|BZIMAGE,MODULES, stdio:COMMAND")]
    public async Task A_target_that_cannot_be_read_is_wrong_usage(string target, string message)
    {
        using var shell = new Shell();
        Assert.Equal(ExitCode.Usage, await shell.Run("gate", "--target", target));
        Assert.Contains(message, shell.Error);
    }
}
