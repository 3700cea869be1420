using Hotplug.Bitmap;
using Hotplug.Cli;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Cli;

public sealed class FaultsTests : IDisposable
{
    private readonly Shell _shell = new();

    [Fact]
    public async Task A_fault_that_is_killed_is_told_with_what_was_measured()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run(
            "faults", "--only", "get-takes-nothing", "memmap-cost-counted-twice", "--starts", "1", "--prove"));
        Assert.Contains(_shell.OutputLines, static l => l.Contains("get-takes-nothing") && l.Contains("references.get-adds-one"));
        Assert.Contains("2 of 2 faults killed, by 2 rules; 2 of 2 searches found theirs", _shell.Output);
    }

    [Fact]
    public async Task A_fault_that_survives_its_budget_is_a_failure()
    {
        Assert.Equal(ExitCode.Violates, await _shell.Run(
            "faults", "--only", "unregistered-shown", "--starts", "1", "--budget", "1"));
        Assert.Contains("ALIVE", _shell.Output);
    }

    [Fact]
    public async Task An_unknown_fault_is_refused() =>
        Assert.Equal(ExitCode.Usage, await _shell.Run("faults", "--only", "none-such"));

    [Fact]
    public void The_document_lists_every_fault_as_it_is()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "FAULTS.md"));
        Assert.All(FaultTable.Forms, form => Assert.Contains(
            $"| `{form.Id}` | {form.Catalogue} | {form.Statement} | `{form.KilledBy}` | {form.Shortest} |", document));
        Assert.Equal(FaultTable.Forms.Length, document.Split('\n').Count(static l => l.StartsWith("| `", StringComparison.Ordinal)));
    }

    public void Dispose() => _shell.Dispose();
}
