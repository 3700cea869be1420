using Hotplug.Adapters.Kernel;
using Hotplug.Bitmap;
using Hotplug.Cli;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using Xunit;

namespace Hotplug.Tests.Cli;

/// <summary><c>list</c> shows every word, and <c>describe</c> knows each of them.</summary>
public sealed class KnowledgeTests : IDisposable
{
    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    public static TheoryData<string, string[]> Words() => new()
    {
        { "invariants", [.. Catalogue.All.Select(static i => i.Id)] },
        { "operations", [.. OperationTable.Forms.Select(static f => f.Word)] },
        { "faults", [.. FaultTable.Forms.Select(static f => f.Id)] },
        { "expected", [.. ExpectedDefects.Bundled.Defects.Select(static d => d.Precondition)] },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public async Task Everything_listed_is_described(string list, string[] words)
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("list", list));
        Assert.Equal(words.Order(StringComparer.Ordinal), _shell.OutputLines.Skip(1)
            .Select(static l => l.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries)[0])
            .Order(StringComparer.Ordinal));
        foreach (var word in words)
        {
            Assert.Equal(ExitCode.Conforms, await _shell.Run("describe", word));
            Assert.StartsWith(word, _shell.Output);
        }
    }

    [Theory]
    [InlineData("levels", "memmap-on-memory  bitmap")]
    [InlineData("targets", "bitmap")]
    [InlineData("dialects", "poison-blocks-online")]
    public async Task Other_lists_are_printed(string list, string expected)
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("list", list));
        Assert.Contains(expected, _shell.Output);
    }

    [Fact]
    public async Task Every_level_is_listed()
    {
        await _shell.Run("list", "levels");
        Assert.Equal(LevelsText.All.Select(static l => l.Word), _shell.OutputLines.Skip(1)
            .Select(static l => l.Trim().Split(' ')[0]));
    }

    [Fact]
    public async Task A_machine_is_described_by_its_sizes()
    {
        await _shell.Run("describe", "boot=2 device-memory=32+8/512@0", "nodes=2");
        Assert.StartsWith(
            "boot=2 nodes=2 device-memory=32+8/512@0\n  memory block   32768 pages, 128 MiB, 64 pageblocks, 1 "
            + "sections\n", _shell.Output);
    }

    [Fact]
    public async Task A_topology_is_drawn_from_its_seed()
    {
        await _shell.Run("describe", "topology", "--seed", "5");
        var first = _shell.Output;
        Assert.Contains("as a machine: ", first);
        await _shell.Run("describe", "topology", "--seed", "5");
        Assert.Equal(first, _shell.Output);
    }
}
