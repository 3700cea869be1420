using Hotplug.Cli;
using Xunit;

namespace Hotplug.Tests.Cli;

public sealed class ExploreTests : IDisposable
{
    private readonly Shell _shell = new();

    [Fact]
    public async Task A_scope_that_conforms_is_told_with_its_size()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("explore", "--scope", "device-memory"));
        Assert.Contains(_shell.OutputLines, static l => l.Contains("device-memory") && l.Contains(" all "));
        Assert.Contains(_shell.OutputLines, static l => l.StartsWith("conforms: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_fault_is_shown_by_the_shortest_trace_there_is()
    {
        Assert.Equal(ExitCode.Violates, await _shell.Run(
            "explore", "--scope", "device-memory-vetoes", "--fault", "cancel-forgets-reference"));
        Assert.Contains("references.offline-page-is-one violated by bitmap+cancel-forgets-reference "
            + "at operation 4 of 4 (proved minimal)", _shell.Output);
    }

    [Fact]
    public async Task Scopes_that_a_machine_lacks_levels_for_are_named()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run(
            "explore", "--scope", "device-memory", "memmap-vetoes", "--levels", "core", "device-memory"));
        Assert.Contains("not explored: memmap-vetoes needs memmap-on-memory faults", _shell.Output);
    }

    [Fact]
    public async Task An_unknown_scope_is_refused()
        => Assert.Equal(ExitCode.Usage, await _shell.Run("explore", "--scope", "nowhere"));

    public void Dispose() => _shell.Dispose();
}
