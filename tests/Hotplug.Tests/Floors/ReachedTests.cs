using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Floors;
using Hotplug.Engine.Run;
using Hotplug.Invariants.Facts;
using Hotplug.Model;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Floors;

/// <summary>What is counted is what happened.</summary>
public sealed class ReachedTests
{
    private const string Toy =
        "spec pageblock=4 section=16 max-order=2 descriptor-bytes=1024 boot=2 dimm-first=2 dimm=3 balloon=virtio "
        + "device-memory=6+2/4@0 memmap-on-memory=on\n";

    [Theory]
    [InlineData("offline d0.b1", "boot offline; online-kernel offline")]
    [InlineData("add d1 pages=16\nremove d1", "hot-added remove; offline remove")]
    [InlineData("add d1 pages=16\nremove d1\noffline d1.b0", "")]
    [InlineData("add d1 pages=32\nremove d1.b0 blocks=1\noffline d1.b0", "absent offline")]
    [InlineData("add d1 pages=16\nonline_movable d1.b0\neject d1", "hot-added eject; online-movable eject; self-hosted eject")]
    [InlineData("add d1 pages=16 memmap=per-block\nonline d1.b0", "hot-added online; offline online")]
    [InlineData("plug m1 sub-blocks=1\nonline m1.b0\nwrite-online m1.b0 value=0",
        "device-memory write-online; online-kernel write-online; partly-plugged write-online")]
    [InlineData("alloc a1 pages=4 kind=unmovable\nget a1[0]", "boot get; online-kernel get; page-unmovable get; used get")]
    [InlineData("alloc a1 pages=4\nget a1[0]\nput a1[0]",
        "boot put; online-kernel put; page-movable put; page-pinned put; used put")]
    [InlineData("poison d0.b1+3\nunpoison d0.b1+3",
        "boot unpoison; corrupted unpoison; online-kernel unpoison; page-poisoned unpoison; "
        + "page-unmovable unpoison; poisoned unpoison; used unpoison")]
    [InlineData("poison d0.b1+3", "boot poison; online-kernel poison; page-free poison")]
    [InlineData("add d1 pages=16\npoison d1.b0+3", "hot-added poison; offline poison; page-gone poison")]
    [InlineData("veto errno=EBUSY\ntick seconds=1\noom", "veto-armed oom")]
    [InlineData("veto errno=EBUSY\noom\noom", "")]
    [InlineData("notifier-error event=going-online errno=EBUSY\noom\noom", "error-armed oom")]
    [InlineData("notifier-error event=going-online errno=EBUSY\nnotifier-error event=going-online errno=ok\noom", "")]
    [InlineData("add d1 pages=32\nremove d1", "hot-added remove; offline remove")]
    [InlineData("notifier-error event=going-online errno=EBUSY\nnotifier-error event=going-offline errno=EBUSY\n"
        + "notifier-error event=going-online errno=ok\noom", "error-armed oom")]
    [InlineData("notifier-error event=going-online errno=EBUSY\nnotifier-error event=going-offline errno=EBUSY\n"
        + "notifier-error event=going-offline errno=ok\noom", "error-armed oom")]
    [InlineData("notifier-error event=going-offline errno=EBUSY\nnotifier-error event=going-offline errno=EBUSY\noom",
        "error-armed oom")]
    [InlineData("veto errno=EBUSY\nnotifier-error event=going-online errno=EBUSY\noom", "error-armed oom")]
    [InlineData("veto errno=EBUSY\npolicy set=auto-online\noom", "veto-armed oom")]
    [InlineData("inflate pages=3\noom", "inflated oom")]
    [InlineData("inflate pages=32\noom", "inflated oom; memory-full oom")]
    public void An_operation_meets_the_states_of_what_it_names(string operations, string met) =>
        Assert.Equal(met, string.Join("; ", Of(FloorKind.State, operations, last: true).Order(StringComparer.Ordinal)));

    [Theory]
    [InlineData("add d1 pages=16 memmap=boot group=dynamic",
        "at=none; block-devices=registered; group=dynamic; memmap=boot; node=0; owner=generic; pages=10..99; subject=device")]
    [InlineData("veto point=memmap k=3 errno=EBUSY", "errno=EBUSY; k=2..9; point=memmap")]
    [InlineData("veto k=1 errno=errno-77", "errno=other; k=1; point=notifier")]
    [InlineData("get d0.b1+3", "subject=boot-page")]
    [InlineData("tick seconds=1000000", "seconds=1000000..")]
    [InlineData("tick seconds=999999", "seconds=100..")]
    [InlineData("tick seconds=100", "seconds=100..")]
    [InlineData("tick seconds=99", "seconds=10..99")]
    [InlineData("tick seconds=10", "seconds=10..99")]
    [InlineData("tick seconds=9", "seconds=2..9")]
    [InlineData("tick seconds=2", "seconds=2..9")]
    [InlineData("tick seconds=1", "seconds=1")]
    [InlineData("loan-target pages=0", "pages=0")]
    [InlineData("alloc a1 pages=1\nget a1[0]", "subject=allocation-page")]
    [InlineData("alloc a1 pages=1\nfree a1", "cpu=0; subject=allocation")]
    [InlineData("alloc a1 pages=1", "cpu=0; kind=movable; node=-1; order=0; pages=1; subject=allocation")]
    [InlineData("offline d0.b1", "subject=boot-block")]
    [InlineData("add d1 pages=16\nonline d1.b0", "subject=device-block")]
    [InlineData("add d1 pages=16\npoison d1.b0+1", "subject=device-page")]
    [InlineData("add d1 pages=16\neject d1", "subject=device")]
    [InlineData("plug m1 sub-blocks=1\nonline m1.b0", "subject=device-memory-block")]
    [InlineData("plug m1 sub-blocks=1", "sub-blocks=1; subject=device-memory")]
    [InlineData("offline #1", "subject=raw")]
    [InlineData("add d1 pages=16 at=d0.b1",
        "at=boot-block; block-devices=registered; group=static; memmap=policy; node=0; owner=generic; pages=10..99; subject=device")]
    public void Every_argument_has_one_form(string operation, string forms) =>
        Assert.Equal(forms, string.Join("; ", Of(FloorKind.Argument, operation, last: true)
            .Select(static what => what.Split(' ')[1]).Order(StringComparer.Ordinal)));

    [Theory]
    [InlineData("rollback.several-blocks", "add d1 pages=32\nonline_movable d1.b0\nonline_movable d1.b1\nveto k=30 errno=EBUSY\n"
        + "alloc a1 pages=1 kind=pinned\neject d1", false)]
    [InlineData("balloon.falls-short", "inflate pages=100", true)]
    [InlineData("balloon.falls-short", "inflate pages=3", false)]
    [InlineData("zones.becomes-empty", "add d1 pages=16\nonline_movable d1.b0\noffline d1.b0", true)]
    [InlineData("device-memory.partly-plugged-offlined", "plug m1 sub-blocks=1\nonline_movable m1.b0\noffline m1.b0", true)]
    [InlineData("device-memory.partly-plugged-offlined", "plug m1 sub-blocks=4\nonline_movable m1.b0\noffline m1.b0", false)]
    [InlineData("rollback.online-first-callback", "spec dialect=linux-6.1\nadd d1 pages=16\nveto k=1 errno=EBUSY\nonline d1.b0", true)]
    [InlineData("rollback.online-later-callback", "spec dialect=linux-6.1\nadd d1 pages=16\nveto k=1 errno=EBUSY\nonline d1.b0", false)]
    [InlineData("rollback.add-later-section", "veto point=memmap k=2 errno=ENOMEM\nadd d1 pages=32 memmap=boot", true)]
    [InlineData("memmap.self-hosted-offlined", "add d1 pages=16 memmap=per-block\nonline_movable d1.b0\noffline d1.b0", true)]
    public void A_fact_is_counted_when_it_happens(string fact, string operations, bool happens)
    {
        var count = Run(operations).Single(r => r.Kind == FloorKind.Sometimes && r.What == fact).Count;
        Assert.Equal(happens, count > 0);
    }

    [Fact]
    public void What_was_not_reached_is_not_told()
    {
        Assert.All(Run("tick seconds=1").Where(static r => r.Kind != FloorKind.Sometimes), static r => Assert.Equal(1, r.Count));
        Assert.Equal(["tick seconds=1"], Of(FloorKind.Argument, "tick seconds=1", last: false));
    }

    [Fact]
    public void Facts_have_ids_of_their_own_and_say_what_happens()
    {
        Assert.Equal(FactCatalogue.All.Length, FactCatalogue.All.Select(static f => f.Id).Distinct().Count());
        Assert.All(FactCatalogue.All, static f => Assert.EndsWith(".", f.Statement));
    }

    // Of the last operation: all that is counted more often than without it.
    private static IEnumerable<string> Of(FloorKind kind, string operations, bool last)
    {
        var before = last && operations.Contains('\n')
            ? Run(operations[..operations.LastIndexOf('\n')]).ToLookup(static r => (r.Kind, r.What), static r => r.Count)
            : Array.Empty<Reach>().ToLookup(static r => (r.Kind, r.What), static r => r.Count);
        return Run(operations).Where(r => r.Kind == kind && r.Count > before[(kind, r.What)].Sum()).Select(static r => r.What);
    }

    private static Reach[] Run(string operations)
    {
        Assert.True(TraceText.TryParse(TraceText.Header + "\n" + Toy + operations + "\n", out var trace, out var error),
            error?.ToString());
        using var machine = BitmapMachine.Create();
        var reached = new Reached(FactCatalogue.All, machine.Identity.Levels);
        var runner = new Runner(machine, new Suite(new ReferenceModel(), [])) { Watcher = reached };
        Ends.InTime(() => runner.Walk(trace.Spec, new TraceSource(trace.Operations), trace.Operations.Length));
        Assert.True(runner.Violation is null, runner.Violation?.ToString());
        return [.. reached.All];
    }
}
