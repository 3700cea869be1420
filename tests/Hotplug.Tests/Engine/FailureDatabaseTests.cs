using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Replay;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Engine;

public sealed class FailureDatabaseTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hotplug-failures");

    private FailureDatabase Database => new(_folder.FullName);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_folder_that_is_not_there_holds_nothing() =>
        Assert.Empty(new FailureDatabase(Path.Combine(_folder.FullName, "none")).Read());

    [Fact]
    public void What_is_written_is_read_back_with_its_rule()
    {
        var trace = TraceOf(3);

        var file = Database.Write("zone.span", trace);

        var kept = Assert.Single(Database.Read());
        Assert.Equal(file, kept.File);
        Assert.StartsWith("zone.span-", Path.GetFileName(file), StringComparison.Ordinal);
        Assert.Equal(TraceText.Print(trace.WithNote("rule", "zone.span")), TraceText.Print(kept.Trace!));
    }

    [Fact]
    public void Its_folder_is_made_when_there_is_something_to_keep()
    {
        var database = new FailureDatabase(Path.Combine(_folder.FullName, "not", "yet"));
        Assert.StartsWith(database.Folder, database.Write("zone.span", TraceOf(3)), StringComparison.Ordinal);
        Assert.Single(database.Read());
    }

    [Fact]
    public void The_same_failure_is_kept_once_wherever_it_came_from()
    {
        Database.Write("zone.span", TraceOf(3).WithNote("seed", "0x1"));
        Database.Write("zone.span", TraceOf(3).WithNote("seed", "0x2"));
        Database.Write("zone.span", TraceOf(4));

        Assert.Equal(2, Database.Read().Length);
    }

    [Fact]
    public void Failures_are_listed_in_ordinal_order()
    {
        foreach (var rule in new[] { "zone", "Block", "balloon" })
            Database.Write(rule, TraceOf(1));

        Assert.Equal(["Block", "balloon", "zone"], Database.Read().Select(static k => k.Trace!.Note("rule")));
    }

    [Fact]
    public void Nothing_half_written_is_left_behind()
    {
        Database.Write("zone", TraceOf(1));

        Assert.All(_folder.GetFiles(), static f => Assert.Equal(".trace", f.Extension));
    }

    [Fact]
    public void A_file_that_cannot_be_read_tells_where_and_why()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "bad.trace"), $"{TraceText.Header}\nfly d1\n");

        var kept = Assert.Single(Database.Read());

        Assert.Null(kept.Trace);
        Assert.StartsWith("line 2, column 1: unknown operation 'fly'", kept.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deleted_failure_is_gone()
    {
        Database.Delete(Database.Write("zone", TraceOf(1)));

        Assert.Empty(Database.Read());
    }

    private static Trace TraceOf(long seconds) => new(FakeMachine.Spec, [Operation.Tick(seconds)]);
}
