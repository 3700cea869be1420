using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// Unplugged pages in both dialects of source document 003. Of block 20, which is m1's, the first 4 of 16 pages are
/// plugged.
/// </summary>
public sealed class PageOfflineTests
{
    private const string Unplugged = "plug m1 sub-blocks=1\nonline_movable m1.b0";
    private const string UnpluggedInKernelZone = "plug m1 sub-blocks=1\nonline_kernel m1.b0";

    public static TheoryData<string> Dialects => new(Dialect.All.Select(static d => d.Name));

    [Theory]
    [InlineData("linux-6.1", 1)]
    [InlineData("linux-6.12", 1)]
    [InlineData("source-2019", 0)]
    public void At_rest_they_have_the_references_of_the_dialect(string dialect, int references)
    {
        var bench = BenchOf(dialect).Done(Unplugged);
        Assert.Equal(references, Page(bench, 4).References);
        Assert.Equal(Answer.Of(Errno.EIO), bench.Do("veto k=4 errno=EIO\noffline m1.b0"));
        Assert.Equal(references, Page(bench, 4).References);
        bench.Done("offline m1.b0\nonline_movable m1.b0");
        Assert.Equal(references, Page(bench, 4).References);
        Assert.Equal(references, Page(bench.Done("plug m1 sub-blocks=2\nunplug m1 sub-blocks=1"), 8).References);
    }

    [Fact]
    public void Without_a_reference_there_is_none_to_drop()
    {
        Assert.Contains("references-dropped", Steps("linux-6.12", Unplugged, "offline m1.b0"));
        Assert.DoesNotContain("references-dropped", Steps("source-2019", Unplugged, "offline m1.b0"));
    }

    [Theory]
    [InlineData("linux-6.12", Unplugged, "EBUSY", true)]
    [InlineData("linux-6.12", UnpluggedInKernelZone, "EBUSY", true)]
    [InlineData("source-2019", Unplugged, "unfinished", true)]
    [InlineData("source-2019", UnpluggedInKernelZone, "EBUSY", false)]
    public void One_that_somebody_else_holds_keeps_its_block_online(
        string dialect, string operations, string answer, bool isAnybodyTold)
    {
        var bench = BenchOf(dialect).Done(operations + "\nget m1.b0+5");
        var before = bench.Picture();
        Assert.Equal(answer, bench.Do("offline m1.b0").ToString());
        Assert.Equal(isAnybodyTold, bench.Steps().Contains("cancel-offline", StringComparison.Ordinal));
        Assert.Equal(before, bench.Picture());
        Assert.Equal(Answer.Ok, bench.Do("put m1.b0+5\noffline m1.b0"));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void The_last_put_does_not_give_it_to_the_buddy(string dialect)
    {
        var bench = BenchOf(dialect).Done(Unplugged);
        var before = bench.Picture();
        Assert.Equal(before, bench.Done("get m1.b0+15\nget m1.b0+15\nput m1.b0+15\nput m1.b0+15").Picture());
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do("put m1.b0+15"));
        Assert.Equal(before, bench.Picture());
    }

    [Theory]
    [InlineData("get m1.b0+0")]
    [InlineData("put m1.b0+0")]
    [InlineData("get d0.b0+0")]
    [InlineData("get m1.b1+0")]
    public void Of_other_pages_nobody_takes_a_reference_by_address(string operation) =>
        Assert.Equal(Answer.Of(Errno.EINVAL), BenchOf("source-2019").Done(Unplugged).Do(operation));

    [Theory]
    [InlineData("linux-6.1", "EBUSY")]
    [InlineData("linux-6.12", "EBUSY")]
    [InlineData("source-2019", "ok")]
    public void The_scan_for_movable_pages_does_not_ask_whether_one_that_is_held_is_poisoned(string dialect, string answer)
    {
        var bench = BenchOf(dialect).Done(Unplugged + "\nget m1.b0+5");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("poison m1.b0+5"));
        Assert.Equal(answer, bench.Do("offline m1.b0").ToString());
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void A_poisoned_one_does_not_keep_its_block_online(string dialect)
    {
        var bench = BenchOf(dialect).Done(Unplugged);
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("poison m1.b0+5"));
        Assert.Equal(Answer.Ok, bench.Do("offline m1.b0"));
    }

    [Theory]
    [InlineData("linux-6.1")]
    [InlineData("source-2019")]
    public void Unpoisoning_one_does_not_give_it_to_the_buddy(string dialect)
    {
        var bench = BenchOf(dialect).Done(Unplugged);
        var before = bench.Picture();
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("poison m1.b0+5"));
        Assert.Equal(before, bench.Done("unpoison m1.b0+5").Picture());
    }

    [Theory]
    [InlineData("linux-6.12", "EBUSY")]
    [InlineData("source-2019", "ok")]
    public void Of_a_driver_that_does_not_listen_only_unreferenced_ones_are_skipped(string dialect, string answer)
    {
        var bench = new Bench(Bench.WithDeviceMemory with { Dialect = Dialect.Find(dialect)!, Notifiers = [] })
            .Done(Unplugged);
        Assert.Equal(answer, bench.Do("offline m1.b0").ToString());
        Assert.Equal(answer == "ok" ? 0 : 4, bench.Zone(ZoneKind.Movable).Managed);
    }

    [Fact]
    public void A_sub_block_that_is_plugged_forgets_who_held_its_pages()
    {
        var bench = BenchOf("source-2019").Done(Unplugged + "\nget m1.b0+5\nplug m1 sub-blocks=1");
        Assert.Equal(PageFlags.Buddy, Page(bench, 5).Flags);
        Assert.Equal(Answer.Of(Errno.EINVAL), bench.Do("put m1.b0+5"));
    }

    private static Bench BenchOf(string dialect) => new(Bench.WithDeviceMemory with { Dialect = Dialect.Find(dialect)! });

    private static string Steps(string dialect, string operations, string last)
    {
        var bench = BenchOf(dialect).Done(operations);
        bench.Done(last);
        return bench.Steps();
    }

    private static PageState Page(Bench bench, int offset) => bench.After.PageAt(320 + offset, bench.Spec.PagesPerBlock);
}
