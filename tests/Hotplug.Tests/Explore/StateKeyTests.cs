using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Explore;
using Xunit;

namespace Hotplug.Tests.Explore;

/// <summary>States that differ in anything that can be seen are never taken for one; how they were written does not
/// matter.</summary>
public sealed class StateKeyTests
{
    private static readonly Shown s_shown = new();

    // What a machine may show otherwise, one thing at a time.
    private static readonly Dictionary<string, Shown> s_others = new()
    {
        ["MemTotal"] = s_shown with { Managed = 6 },
        ["poisoned"] = s_shown with { Poisoned = 6 },
        ["memmap"] = s_shown with { Memmap = 6 },
        ["callbacks"] = s_shown with { Callbacks = CallbackOwners.Xen },
        ["block"] = s_shown with { Block = 6 },
        ["node of a block"] = s_shown with { NodeOfBlock = 2 },
        ["no block device"] = s_shown with { IsRegistered = false },
        ["state of a block"] = s_shown with { State = BlockState.GoingOffline },
        ["zone of a block"] = s_shown with { ZoneOfBlock = ZoneKind.Movable },
        ["other zone of a block"] = s_shown with { OtherZone = ZoneKind.Normal },
        ["run of pages"] = s_shown with { PagesOfRun = 6 },
        ["references"] = s_shown with { Page = s_shown.Page with { References = 6 } },
        ["owner"] = s_shown with { Page = s_shown.Page with { Owner = 6 } },
        ["order"] = s_shown with { Page = s_shown.Page with { Order = 6 } },
        ["flags"] = s_shown with { Page = s_shown.Page with { Flags = s_shown.Page.Flags | PageFlags.Movable } },
        ["zone"] = s_shown with { Zone = s_shown.Zone with { Id = new ZoneId(1, ZoneKind.Movable) } },
        ["node of a zone"] = s_shown with { Zone = s_shown.Zone with { Id = new ZoneId(2, ZoneKind.Normal) } },
        ["start"] = s_shown with { Zone = s_shown.Zone with { Start = 6 } },
        ["spanned"] = s_shown with { Zone = s_shown.Zone with { Spanned = 6 } },
        ["present"] = s_shown with { Zone = s_shown.Zone with { Present = 6 } },
        ["managed"] = s_shown with { Zone = s_shown.Zone with { Managed = 6 } },
        ["free"] = s_shown with { Zone = s_shown.Zone with { Free = 6 } },
        ["isolated"] = s_shown with { Zone = s_shown.Zone with { IsolatedPageblocks = 6 } },
        ["device"] = s_shown with { Device = s_shown.Device with { Name = Name.Device(6) } },
        ["kind of a device"] = s_shown with { Device = s_shown.Device with { Name = Name.DeviceMemory(5) } },
        ["range of a device"] = s_shown with { Device = s_shown.Device with { Range = new PageRange(6, 5) } },
        ["size of a device"] = s_shown with { Device = s_shown.Device with { Range = new PageRange(5, 6) } },
        ["plugged"] = s_shown with { Device = s_shown.Device with { PluggedPages = 6 } },
        ["requested"] = s_shown with { Device = s_shown.Device with { RequestedPages = 6 } },
        ["device at work"] = s_shown with { Device = s_shown.Device with { InFlight = true } },
        ["owner of a device"] = s_shown with { Device = s_shown.Device with { Owner = CallbackOwner.HyperV } },
        ["driver"] = s_shown with { Balloon = s_shown.Balloon with { Driver = BalloonDriver.HyperV } },
        ["ballooned"] = s_shown with { Balloon = s_shown.Balloon with { Pages = 6 } },
        ["target"] = s_shown with { Balloon = s_shown.Balloon with { TargetPages = 6 } },
        ["balloon at work"] = s_shown with { Balloon = s_shown.Balloon with { InFlight = true } },
        ["node"] = s_shown with { Node = s_shown.Node with { Node = 6 } },
        ["node online"] = s_shown with { Node = s_shown.Node with { Online = true } },
        ["node with memory"] = s_shown with { Node = s_shown.Node with { HasMemory = true } },
        ["node with normal memory"] = s_shown with { Node = s_shown.Node with { HasNormalMemory = true } },
        ["resource"] = s_shown with { Resource = new PageRange(6, 5) },
        ["size of a resource"] = s_shown with { Resource = new PageRange(5, 6) },
        ["node of a list"] = s_shown with { List = s_shown.List with { Zone = new ZoneId(2, ZoneKind.Normal) } },
        ["zone of a list"] = s_shown with { List = s_shown.List with { Zone = new ZoneId(1, ZoneKind.Movable) } },
        ["CPU of a list"] = s_shown with { List = s_shown.List with { Cpu = 6 } },
        ["list"] = s_shown with { List = s_shown.List with { Pages = 6 } },
        ["high mark"] = s_shown with { List = s_shown.List with { High = 6 } },
        ["batch"] = s_shown with { List = s_shown.List with { Batch = 6 } },
        ["no CMM"] = s_shown with { Loans = null },
        ["on loan"] = s_shown with { Loans = s_shown.Loans!.Value with { Pages = 6 } },
        ["list pages"] = s_shown with { Loans = s_shown.Loans!.Value with { ListPages = 6 } },
        ["to be loaned"] = s_shown with { Loans = s_shown.Loans!.Value with { TargetPages = 6 } },
        ["freed on OOM"] = s_shown with { Loans = s_shown.Loans!.Value with { OomFreedPages = 6 } },
        ["seconds"] = s_shown with { Loans = s_shown.Loans!.Value with { SecondsToWake = 6 } },
        ["hotplug"] = s_shown with { Loans = s_shown.Loans!.Value with { HotplugOccurred = true } },
        ["paused"] = s_shown with { Loans = s_shown.Loans!.Value with { Paused = true } },
    };

    [Fact]
    public void What_is_seen_otherwise_is_another_state()
    {
        var digests = s_others.Select(static o => (o.Key, Digest: DigestOf(o.Value))).Append((Key: "nothing", Digest: DigestOf(s_shown)));
        Assert.Empty(digests.GroupBy(static d => d.Digest).Where(static g => g.Count() > 1)
            .Select(static g => string.Join(" is ", g.Select(static d => d.Key))));
    }

    [Fact]
    public void How_it_was_written_is_of_no_account() => Assert.Equal(DigestOf(s_shown), DigestOf(s_shown with { Stamp = 6 }));

    private static Digest DigestOf(Shown shown)
    {
        var seen = new Observation();
        shown.WriteTo(seen);
        return Digest.Of(seen);
    }

    private sealed record Shown
    {
        internal long Stamp { get; init; } = 5;

        internal long Managed { get; init; } = 5;

        internal long Poisoned { get; init; } = 5;

        internal long Memmap { get; init; } = 5;

        internal CallbackOwners Callbacks { get; init; }

        internal int Block { get; init; } = 5;

        internal short NodeOfBlock { get; init; } = 1;

        internal bool IsRegistered { get; init; } = true;

        internal BlockState State { get; init; } = BlockState.Online;

        internal ZoneKind ZoneOfBlock { get; init; } = ZoneKind.Normal;

        internal ZoneKind OtherZone { get; init; } = ZoneKind.Movable;

        internal int PagesOfRun { get; init; } = 5;

        internal PageState Page { get; init; } = new(PageFlags.Buddy, 5, 5, 5);

        internal ZoneObservation Zone { get; init; } = new(new ZoneId(1, ZoneKind.Normal), 5, 5, 5, 5, 5, 5);

        internal DeviceObservation Device { get; init; } = new(Name.Device(5), new PageRange(5, 5), 5, 5, false, CallbackOwner.VirtioMem);

        internal BalloonObservation Balloon { get; init; } = new(BalloonDriver.Xen, 5, 5, false);

        internal NodeObservation Node { get; init; } = new(5, false, false, false);

        internal PageRange Resource { get; init; } = new(5, 5);

        internal PcplistObservation List { get; init; } = new(new ZoneId(1, ZoneKind.Normal), 5, 5, 5, 5);

        internal LoanObservation? Loans { get; init; } = new(5, 5, 5, 5, false, 5, false);

        internal void WriteTo(Observation seen)
        {
            seen.Begin(whole: true);
            (seen.Version, seen.ManagedTotal, seen.PoisonedPages, seen.BootMemmapPages, seen.Callbacks, seen.Loans) =
                (Stamp, Managed, Poisoned, Memmap, Callbacks, Loans);
            var block = seen.Open(Block);
            (block.Stamp, block.Node, block.IsRegistered, block.State, block.Zone, block.OtherZone) =
                (Stamp, NodeOfBlock, IsRegistered, State, ZoneOfBlock, OtherZone);
            block.Pages.Add(PagesOfRun, Page);
            seen.Close(block);
            seen.Add(Zone);
            seen.Add(Device);
            seen.Add(Balloon);
            seen.Add(Node);
            seen.Add(Resource);
            seen.Add(List);
            seen.End();
        }
    }
}
