using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// Contiguous allocation. Blocks 8 and 9 are d1; of block 20, which is m1's, the first 4 pages are plugged.
/// </summary>
public sealed class ContigTests
{
    private const string Movable = "add d1 pages=32\nonline_movable d1.b0\nonline_movable d1.b1\n";
    private const string Unplugged = "plug m1 sub-blocks=1\nonline_movable m1.b0\n";

    [Theory]
    [InlineData(Movable + "contig a1 at=d1.b0+2 pages=7", 130, 7)]
    [InlineData(Movable + "contig a1 at=d1.b0+14 pages=4", 142, 4)]
    [InlineData(Unplugged + "contig a1 at=m1.b0 pages=4", 320, 4)]
    public void Exactly_the_range_is_taken(string operations, long start, long pages)
    {
        var bench = new Bench(Bench.WithDeviceMemory);
        var managed = bench.After.ManagedTotal;
        Assert.Equal(Answer.Ok, bench.Do(operations));
        Assert.Equal(pages, bench.Outcome.PagesOf(WitnessRole.Taken));
        for (var pfn = start; pfn < start + pages; pfn++)
            Assert.Equal(new PageState(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1), PageAt(bench, pfn));
        Assert.True(PageAt(bench, start - 1).Has(PageFlags.Buddy) || start % 16 == 0);
        Assert.Equal(0, bench.Zone(ZoneKind.Movable).IsolatedPageblocks);
        Assert.True(bench.After.ManagedTotal > managed);
    }

    [Theory]
    [InlineData(Unplugged + "contig a1 at=m1.b0+2 pages=4")]
    [InlineData("plug m1 sub-blocks=1\nonline_kernel m1.b0\ncontig a1 at=m1.b0+4 pages=1")]
    [InlineData(Movable + "poison d1.b0+3\ncontig a1 at=d1.b0 pages=4")]
    [InlineData("alloc a1 pages=1 kind=unmovable\ncontig a2 at=a1[0] pages=1")]
    [InlineData(Movable + "alloc a1 pages=1 kind=pinned\ncontig a2 at=d1.b0 pages=16")]
    [InlineData(Movable + "alloc a1 pages=1\nget a1[0]\ncontig a2 at=d1.b0 pages=16")]
    [InlineData(Movable + "contig a1 at=d1.b0 pages=1\ncontig a2 at=d1.b0 pages=4")]
    public void A_page_that_cannot_leave_refuses_it_before_anything_is_moved(string operations)
    {
        var (before, bench) = Before(operations);
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do(Last(operations)));
        Assert.Equal(before, bench.Picture());
        Assert.Empty(bench.Steps());
    }

    [Theory]
    [InlineData("contig a1 at=d0.b0 pages=9223372036854775807")]
    [InlineData("contig a1 pages=4")]
    [InlineData("add d1 pages=16\ncontig a1 at=d1.b0 pages=4")]
    [InlineData(Movable + "contig a1 at=d1.b0 pages=33")]
    [InlineData("add d1 pages=32\nonline_movable d1.b0\nonline_kernel d1.b1\ncontig a1 at=d1.b0+12 pages=8")]
    [InlineData("alloc a1 pages=2\ncontig-free a1")]
    public void What_is_not_online_memory_of_one_zone_is_invalid(string operations)
    {
        var (before, bench) = Before(operations);
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do(Last(operations)));
        Assert.Equal(before, bench.Picture());
    }

    [Fact]
    public void Movable_pages_move_away_and_keep_their_name()
    {
        var bench = new Bench(Bench.Small).Done(Movable + "alloc a1 pages=3\ncontig a2 at=d1.b0 pages=8");
        Assert.Contains(WitnessRole.Migrated, bench.Outcome.ToRecord().Witness.Select(static w => w.Role));
        bench.Done("get a1[0]\nput a1[0]\nget a2[0]\nput a2[0]\nfree a1\ncontig-free a2");
        Assert.Equal(32, bench.Zone(ZoneKind.Movable).Free);
    }

    [Fact]
    public void Without_room_for_what_has_to_move_it_is_out_of_memory_and_gives_everything_back()
    {
        var bench = new Bench(Bench.Small).Done(Movable + "alloc a1 pages=88");
        var before = bench.Picture();
        Assert.Equal(Answer.Of(Errno.ENOMEM), bench.Do("contig a2 at=d1.b0 pages=16"));
        Assert.Equal("isolated pcp-drained unisolated", bench.Steps());
        Assert.Equal(before, bench.Picture());
    }

    [Fact]
    public void In_zone_movable_what_it_took_keeps_its_block_online_until_it_is_freed()
    {
        var bench = new Bench(Bench.Small).Done(Movable + "contig a1 at=d1.b0 pages=4");
        Assert.Equal(Answer.Unfinished, bench.Do("offline d1.b0"));
        Assert.Equal(Answer.Ok, bench.Do("contig-free a1"));
        Assert.Equal(Answer.Ok, bench.Do("offline d1.b0"));
    }

    private static (string Before, Bench Bench) Before(string operations)
    {
        var bench = new Bench(Bench.WithDeviceMemory);
        var end = operations.LastIndexOf('\n');
        bench.Done(end < 0 ? "tick seconds=1" : operations[..end]);
        return (bench.Picture(), bench);
    }

    private static string Last(string operations) => operations[(operations.LastIndexOf('\n') + 1)..];

    private static PageState PageAt(Bench bench, long pfn) => bench.After.PageAt(pfn, bench.Spec.PagesPerBlock);
}
