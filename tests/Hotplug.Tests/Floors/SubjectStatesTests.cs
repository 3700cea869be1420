using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Floors;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Floors;

/// <summary>The states that machines of tests hardly come to: told from what is seen alone.</summary>
public sealed class SubjectStatesTests
{
    private const int Block = 4;

    private static readonly MachineSpec s_spec = FakeMachine.Spec;
    private static readonly PageRange s_block = new(Block * s_spec.PagesPerBlock, s_spec.PagesPerBlock);
    private static readonly PageState s_balloon = new(PageFlags.Offline, 0, PageState.BalloonOwner, 1);
    private static readonly PageState s_device = new(PageFlags.Offline, 0, 1, 1);
    private static readonly PageState s_used = new(PageFlags.InUse, 0, 0, 1);

    // Four pages are this, the other four of the block are free.
    private static readonly Dictionary<string, PageState> s_pages = new()
    {
        ["free"] = PageState.Free(2),
        ["listed"] = PageState.Listed(0),
        ["ballooned"] = s_balloon,
        ["unplugged"] = s_device,
        ["vmemmap"] = new(PageFlags.Vmemmap, 0, 0, 1),
        ["used"] = s_used,
        ["movable"] = s_used with { Flags = PageFlags.InUse | PageFlags.Movable },
        ["pinned"] = s_used with { References = 2 },
        ["poisoned"] = s_used with { Flags = PageFlags.InUse | PageFlags.HwPoison },
        ["poisoned and offline"] = s_device with { Flags = PageFlags.Offline | PageFlags.HwPoison },
        ["not marked"] = new(PageFlags.None, 0, 0, 1),
        ["not there"] = PageState.None,
        ["not seen"] = PageState.NotSeen,
    };

    [Theory]
    [InlineData("free", "", "page-free")]
    [InlineData("listed", "listed", "page-listed")]
    [InlineData("ballooned", "ballooned", "page-ballooned")]
    [InlineData("unplugged", "partly-plugged", "page-unplugged")]
    [InlineData("vmemmap", "self-hosted", "page-vmemmap")]
    [InlineData("used", "used", "page-unmovable")]
    [InlineData("movable", "used", "page-movable")]
    [InlineData("pinned", "used", "page-pinned page-unmovable")]
    [InlineData("poisoned", "poisoned used", "page-poisoned page-unmovable")]
    [InlineData("poisoned and offline", "partly-plugged poisoned", "page-poisoned page-unplugged")]
    [InlineData("not marked", "used", "")]
    [InlineData("not there", "used", "page-gone")]
    [InlineData("not seen", "used", "page-gone")]
    public void A_page_and_its_block_are_told_from_what_is_seen_of_them(string page, string block, string ofPage)
    {
        var before = Seen(b => b.Pages.Add(4, s_pages[page]));
        var ofBlock = block.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append("hot-added").Append("online-movable");
        Assert.Equal(Words(ofBlock), Of(before, Operation.Offline(Name.RawBlock(Block)), s_block));
        // Only what names a page is about one.
        Assert.Equal(Words(ofBlock), Of(before, Operation.Offline(Name.RawBlock(Block)), new PageRange(s_block.Start, 1)));
        Assert.Equal(Words(ofBlock), Of(before, Operation.Poison(Name.RawPage(s_block.Start)), new PageRange(s_block.Start, 2)));
        Assert.Equal(Words(ofBlock.Concat(ofPage.Split(' '))), Of(before, Operation.Poison(Name.RawPage(s_block.Start)), new PageRange(s_block.Start, 1)));
    }

    [Fact]
    public void A_block_is_told_by_its_place_its_zone_and_who_has_registered_it()
    {
        Assert.Equal("hot-added offline", Of(static b => b.State = BlockState.Offline));
        Assert.Equal("hot-added online-movable", Of(static b => b.State = BlockState.GoingOffline));
        Assert.Equal("hot-added spans-zones", Of(static b => b.Zone = ZoneKind.None));
        Assert.Equal("hot-added online-kernel", Of(static b => b.Zone = ZoneKind.Dma));
        Assert.Equal("hot-added online-movable unregistered", Of(static b => b.IsRegistered = false));
        Assert.Equal("ballooned hot-added online-movable partly-plugged", Of(static b =>
        {
            b.Pages.Add(2, s_balloon);
            b.Pages.Add(2, s_device);
        }));
        Assert.Equal("absent", SubjectStatesTests.Of(Seen(static _ => { }), Operation.Offline(Name.RawBlock(7)), new PageRange(56, 8)));

        static string Of(Action<BlockObservation> change) =>
            SubjectStatesTests.Of(Seen(change), Operation.Offline(Name.RawBlock(Block)), s_block);
    }

    [Fact]
    public void What_the_whole_machine_is_in_meets_every_operation()
    {
        Assert.Equal("", Of(Machine(static _ => { })));
        Assert.Equal("memory-full", Of(new Observation()));
        Assert.Equal("lists-disabled", Of(Machine(static o => o.Add(new PcplistObservation(default, 0, 0, 0, 1)))));
        Assert.Equal("", Of(Machine(static o => o.Add(new PcplistObservation(default, 0, 0, 1, 1)))));
        Assert.Equal("inflated", Of(Machine(static o => o.Add(new BalloonObservation(BalloonDriver.Xen, 1, 0, false)))));
        Assert.Equal("", Of(Machine(static o => o.Add(new BalloonObservation(BalloonDriver.Xen, 0, 1, false)))));
        Assert.Equal("corrupted", Of(Machine(static o => o.PoisonedPages = 1)));
        Assert.Equal("", Of(Machine(static o => o.PoisonedPages = 0)));
        Assert.Equal("loaning", Of(Machine(static o => o.Loans = new LoanObservation(1, 0, 0, 0, false, 0, false))));
        Assert.Equal("", Of(Machine(static o => o.Loans = new LoanObservation(0, 1, 1, 1, true, 1, false))));
        Assert.Equal("loaning-paused", Of(Machine(static o => o.Loans = new LoanObservation(0, 0, 0, 0, false, 0, true))));
        Assert.Equal("loaning loaning-paused", Of(Machine(static o => o.Loans = new LoanObservation(1, 0, 0, 0, false, 0, true))));

        static string Of(Observation before) => SubjectStatesTests.Of(before, Operation.Oom(), default);
    }

    [Theory]
    [InlineData(OperationKind.Veto)]
    [InlineData(OperationKind.NotifierError)]
    public void What_was_armed_is_forgotten_when_another_run_begins(OperationKind arms)
    {
        var states = new SubjectStates();
        var seen = After(Machine(static _ => { }), new Operation { Kind = arms, Amount = 1, Errno = Errno.EIO }, default);
        states.Begin();
        states.Follow(seen);
        Assert.NotEqual(0UL, states.Of(seen));
        states.Begin();
        Assert.Equal(0UL, states.Of(seen));
    }

    [Fact]
    public void Facts_are_asked_only_where_they_can_happen_and_left_out_where_the_machine_cannot_show_them()
    {
        var asked = new List<string>();
        Sometimes[] facts =
        [
            Fact("cmm", Levels.Cmm, default), Fact("adds", Levels.Core, Occasion.Of(OperationKind.Add)),
            Fact("any", Levels.Core, default), Fact("ticks", Levels.Core, Occasion.Of(OperationKind.Tick)),
        ];
        var reached = new Reached([.. facts], Levels.Core);

        reached.Begin(s_spec);
        reached.Watch(After(new Observation(), Operation.Tick(1), default));

        Assert.Equal(["any", "ticks"], asked);
        Assert.Equal([("adds", 0L), ("any", 1L), ("ticks", 1L)],
            reached.All.Where(static r => r.Kind == FloorKind.Sometimes).Select(static r => (r.What, r.Count)));

        Sometimes Fact(string id, Levels level, Occasion when) => new(id, "A fact.", level, when, _ =>
        {
            asked.Add(id);
            return true;
        });
    }

    private static string Of(Observation before, Operation operation, PageRange range)
    {
        var bits = new SubjectStates().Of(After(before, operation, range));
        return Words(Enum.GetValues<SubjectState>().Where(s => (bits >> (int)s & 1) == 1).Select(static s => Hotplug.Contract.Words.Of(s)));
    }

    private static string Words(IEnumerable<string> words) =>
        string.Join(' ', words.Where(static w => w.Length > 0).Order(StringComparer.Ordinal));

    private static Transition After(Observation before, Operation operation, PageRange range)
    {
        var seen = new Transition();
        seen.Start(s_spec, Levels.Core, before);
        seen.Next(0, before, operation, new Target(range, -1), new Outcome { Answer = Answer.Ok }, before);
        return seen;
    }

    // One hot-added block online in Movable; what the change leaves of it is free.
    private static Observation Seen(Action<BlockObservation> change) => Machine(seen =>
    {
        var block = seen.Open(Block);
        (block.State, block.Zone) = (BlockState.Online, ZoneKind.Movable);
        change(block);
        if (block.Pages.Pages < s_spec.PagesPerBlock)
            block.Pages.Add(s_spec.PagesPerBlock - block.Pages.Pages, PageState.Free(0));
        seen.Close(block);
    });

    private static Observation Machine(Action<Observation> change)
    {
        var seen = new Observation();
        seen.Begin(whole: true);
        seen.Add(new ZoneObservation(new ZoneId(0, ZoneKind.Movable), 0, 8, 8, 8, 3, 0));
        seen.Add(new ZoneObservation(new ZoneId(0, ZoneKind.Normal), 0, 8, 8, 8, 0, 0));
        change(seen);
        seen.End();
        return seen;
    }
}
