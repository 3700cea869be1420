using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>The reused observation keeps what was not written again, and its sums are always those of its
/// blocks.</summary>
public sealed class ObservationTests
{
    private static readonly ZoneId s_normal = new(0, ZoneKind.Normal);

    [Fact]
    public void Blocks_are_kept_by_ascending_number()
    {
        var seen = Written(5, 1, 3);
        Assert.Equal([1, 3, 5], seen.Blocks.ToArray().Select(static b => b.Block));
        Assert.Equal(3, seen.Find(3)!.Block);
        Assert.Null(seen.Find(2));
    }

    [Fact]
    public void Written_whole_it_drops_what_was_not_opened()
    {
        var seen = Written(1, 3, 5);
        Write(seen, whole: true, 3);
        Assert.Equal([3], seen.Blocks.ToArray().Select(static b => b.Block));
        Assert.Equal(1, seen.Totals(s_normal).Blocks);
    }

    [Fact]
    public void Written_in_part_it_keeps_the_rest()
    {
        var seen = Written(1, 3, 5);
        Write(seen, whole: false, 3);
        Assert.Equal([1, 3, 5], seen.Blocks.ToArray().Select(static b => b.Block));
        Assert.Equal((3, 12L), (seen.Totals(s_normal).Blocks, seen.Totals(s_normal).Pages));
    }

    [Fact]
    public void Sums_follow_a_block_to_its_new_zone()
    {
        var seen = Written(1, 3);
        seen.Begin(whole: false);
        var block = seen.Open(3);
        block.Zone = ZoneKind.Movable;
        seen.Close(block);
        seen.End();
        Assert.Equal((1, 1), (seen.Totals(s_normal).Blocks, seen.Totals(new ZoneId(0, ZoneKind.Movable)).Blocks));
    }

    [Fact]
    public void A_removed_block_leaves_the_sums()
    {
        var seen = Written(1, 3);
        seen.Remove(3);
        seen.Remove(99);
        Assert.Equal((1, 4L), (seen.Totals(s_normal).Blocks, seen.Totals(s_normal).Pages));
    }

    [Fact]
    public void A_block_that_comes_back_is_new()
    {
        var seen = Written(1, 3);
        seen.Remove(3);
        seen.Begin(whole: false);
        var block = seen.Open(3);
        Assert.Equal((BlockState.Offline, ZoneKind.None, -1L, 0),
            (block.State, block.Zone, block.Stamp, block.Pages.Pages));
    }

    [Fact]
    public void Offline_blocks_count_nowhere()
    {
        var seen = Written(1);
        seen.Begin(whole: false);
        var block = seen.Open(1);
        block.State = BlockState.Offline;
        seen.Close(block);
        seen.End();
        Assert.Equal(default, seen.Totals(s_normal));
    }

    [Fact]
    public void Everything_but_blocks_is_written_anew()
    {
        var seen = Written(1);
        seen.Begin(whole: false);
        seen.Add(new ZoneObservation(s_normal, 0, 4, 4, 4, 4, 0));
        seen.Add(new DeviceObservation(Name.Device(1), new PageRange(0, 4), 4, 4, false));
        seen.Add(new BalloonObservation(BalloonDriver.Virtio, 1, 1, false));
        seen.Add(new NodeObservation(0, true, true, true));
        seen.Add(new PageRange(0, 4));
        seen.Add(new PcplistObservation(s_normal, 0, 1, 4, 2));
        seen.Touch(1);
        seen.End();
        Assert.Equal([1], seen.Touched);
        Assert.Equal((4, 4L), (seen.Zone(s_normal).Present, seen.Device(Name.Device(1))!.Value.PluggedPages));

        seen.Begin(whole: false);
        seen.End();
        Assert.Equal((0, 0, 0, 0, 0, 0),
            (seen.Zones.Length, seen.Devices.Length, seen.Balloons.Length, seen.Nodes.Length, seen.Resources.Length,
                seen.Pcplists.Length));
        Assert.Null(seen.Touched);
        Assert.Null(seen.Device(Name.Device(1)));
        Assert.Null(seen.Balloon(BalloonDriver.Virtio));
        Assert.False(seen.NodeOf(0).Online);
        Assert.Equal(0, seen.Zone(s_normal).Present);
    }

    [Fact]
    public void A_page_is_found_by_its_frame_number()
    {
        var seen = Written(2);
        Assert.Equal(PageState.Free(2), seen.PageAt(11, 4));
        Assert.Equal(PageState.NotSeen, seen.PageAt(12, 4));
    }

    [Fact]
    public void A_copy_outlives_the_buffer()
    {
        var seen = Written(1, 3);
        seen.ManagedTotal = 8;
        var copy = new Observation();
        Write(copy, whole: true, 7);
        copy.CopyFrom(seen);
        Write(seen, whole: true, 9);
        Assert.Equal([1, 3], copy.Blocks.ToArray().Select(static b => b.Block));
        Assert.Equal((8L, 2, 8L), (copy.ManagedTotal, copy.Totals(s_normal).Blocks, copy.Totals(s_normal).Buddy));
    }

    internal static Observation Written(params int[] blocks)
    {
        var seen = new Observation();
        Write(seen, whole: true, blocks);
        return seen;
    }

    internal static void Write(Observation seen, bool whole, params int[] blocks)
    {
        seen.Begin(whole);
        foreach (var number in blocks)
        {
            var block = seen.Open(number);
            block.State = BlockState.Online;
            block.Zone = ZoneKind.Normal;
            block.Stamp = number;
            block.Pages.Clear();
            block.Pages.Add(4, PageState.Free(2));
            seen.Close(block);
        }

        seen.End();
    }
}
