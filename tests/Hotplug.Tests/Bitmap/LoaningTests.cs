using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>CMM of the optimised machine, by the numbers of source document 000.</summary>
public sealed class LoaningTests
{
    /// <summary>Two boot blocks of 16 pages; a list page holds six addresses.</summary>
    private static readonly MachineSpec s_small = Bench.Small with
    {
        PageBytes = 64,
        DescriptorBytes = 16,
        BootBlocks = 2,
        Balloons = [new(BalloonDriver.Cmm, false)],
        CmmLeastActive = 0,
        CmmOomPages = 3,
    };

    [Fact]
    public void Nothing_is_loaned_before_the_thread_polls()
    {
        var bench = new Bench(s_small).Done("loan-target pages=8");
        Assert.Equal(0, Loans(bench).Pages);
        Assert.Equal(8, Loans(bench.Done("tick seconds=1")).Pages);
    }

    [Fact]
    public void Eight_pages_take_two_list_pages_of_six_addresses()
    {
        var bench = new Bench(s_small).Done("loan-target pages=8\ntick seconds=1");
        Assert.Equal(2, Loans(bench).ListPages);
        Assert.Equal((8, 2), (OwnedBy(bench, PageState.LoanOwner), OwnedBy(bench, PageState.LoanListOwner)));
    }

    [Fact]
    public void A_list_page_of_4_KiB_holds_510_addresses()
    {
        var spec = new MachineSpec { Balloons = [new(BalloonDriver.Cmm, false)] };
        Assert.Equal(510, spec.PagesPerLoanList);
        var bench = new Bench(spec).Done("loan-target pages=511\ntick seconds=1");
        Assert.Equal((511, 2), (Loans(bench).Pages, Loans(bench).ListPages));
    }

    [Fact]
    public void Every_loaned_page_is_missing_from_the_total_and_none_from_its_zone()
    {
        var bench = new Bench(s_small).Done("loan-target pages=8\ntick seconds=1");
        Assert.Equal(32 - 8, bench.After.ManagedTotal);
        Assert.Equal(32, bench.After.Zones[0].Managed);
    }

    [Fact]
    public void Enough_memory_stays_active()
    {
        var bench = new Bench(s_small with { CmmLeastActive = 25 }).Done("loan-target pages=30\ntick seconds=1");
        Assert.Equal(7, Loans(bench).Pages);
    }

    [Fact]
    public void Loaning_ends_where_memory_ends()
    {
        var bench = new Bench(s_small).Done("loan-target pages=1000\ntick seconds=1");
        Assert.Equal((27, 5), (Loans(bench).Pages, Loans(bench).ListPages));
        Assert.Equal(0, bench.After.Zones[0].Free);
    }

    [Fact]
    public void An_offline_gives_back_what_is_loaned_in_its_range_and_replaces_its_list_pages()
    {
        // Loans are taken from the end of the last block: the list page is the second page that is taken.
        var bench = new Bench(s_small).Done("loan-target pages=5\ntick seconds=1\noffline d0.b1");
        Assert.Equal((0, 0), (Loans(bench).Pages, Loans(bench).ListPages));
        Assert.Equal(0, OwnedBy(bench, PageState.LoanOwner));

        bench = new Bench(s_small).Done("loan-target pages=20\ntick seconds=1\noffline d0.b1");
        var kept = Loans(bench);
        Assert.InRange(kept.Pages, 1, 12);
        Assert.Equal((kept.Pages, kept.ListPages), (OwnedBy(bench, PageState.LoanOwner), OwnedBy(bench, PageState.LoanListOwner)));
        Assert.Equal((kept.Pages + 5) / 6, kept.ListPages);
    }

    [Fact]
    public void A_list_page_that_cannot_be_replaced_refuses_the_offline_and_what_was_given_back_stays_so()
    {
        var bench = new Bench(s_small).Done("loan-target pages=20\ntick seconds=1\nveto point=loan-list errno=ENOMEM");
        var before = Loans(bench).Pages;
        Assert.Equal(Answer.Of(Errno.ENOMEM), bench.Do("offline d0.b1"));
        Assert.InRange(Loans(bench).Pages, 1, before - 1);
        Assert.Equal(Loans(bench).Pages, OwnedBy(bench, PageState.LoanOwner));
        Assert.True(Loans(bench).HotplugOccurred);
    }

    [Fact]
    public void After_a_removal_the_thread_sleeps_for_the_delay_and_polls_a_second_later()
    {
        var bench = new Bench(s_small).Done("offline d0.b1\nloan-target pages=3\ntick seconds=1");
        Assert.True(Loans(bench).Paused);
        Assert.Equal(0, Loans(bench.Done("tick seconds=5")).Pages);
        Assert.Equal(3, Loans(bench.Done("tick seconds=1")).Pages);
    }

    [Fact]
    public void A_removal_that_was_refused_pauses_it_as_well()
    {
        var bench = new Bench(s_small).Done("notifier-error event=going-offline errno=EBUSY");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline d0.b1"));
        Assert.Equal(0, Loans(bench.Done("loan-target pages=3\ntick seconds=6")).Pages);
        Assert.Equal(3, Loans(bench.Done("tick seconds=1")).Pages);
    }

    [Fact]
    public void Out_of_memory_gets_what_it_asks_for_and_the_target_stays_lower_by_as_much()
    {
        var bench = new Bench(s_small).Done("loan-target pages=8\ntick seconds=1\noom");
        Assert.Equal((5, 3), (Loans(bench).Pages, Loans(bench).OomFreedPages));
        Assert.Equal(5, Loans(bench.Done("tick seconds=9")).Pages);
        Assert.Equal(0, Loans(bench.Done("oom\noom")).Pages);
    }

    [Fact]
    public void Out_of_memory_gets_pages_also_while_the_thread_sleeps()
    {
        var bench = new Bench(s_small).Done("loan-target pages=4\ntick seconds=1\noffline d0.b0\ntick seconds=1");
        Assert.True(Loans(bench).Paused);
        Assert.Equal(1, Loans(bench.Done("oom")).Pages);
    }

    [Fact]
    public void A_loan_that_the_hypervisor_refuses_ends_the_round_and_the_next_round_goes_on()
    {
        var bench = new Bench(s_small).Done("loan-target pages=8\nveto point=loan k=3 errno=EBUSY\ntick seconds=1");
        Assert.Equal(2, Loans(bench).Pages);
        Assert.Equal(8, Loans(bench.Done("tick seconds=1")).Pages);
    }

    [Fact]
    public void An_empty_list_page_that_a_refused_loan_left_does_not_stop_freeing()
    {
        var bench = new Bench(s_small).Done("loan-target pages=6\ntick seconds=1\nloan-target pages=7\n"
            + "veto point=loan errno=EBUSY\ntick seconds=1");
        Assert.Equal((6, 2), (Loans(bench).Pages, Loans(bench).ListPages));
        Assert.Equal((0, 0), (Loans(bench.Done("loan-target pages=0\ntick seconds=1")).Pages, Loans(bench).ListPages));
    }

    [Fact]
    public void A_page_of_the_kernel_beside_loaned_ones_refuses_isolation_and_CMM_is_not_asked()
    {
        var bench = new Bench(s_small).Done("loan-target pages=4\ntick seconds=1\nalloc a1 pages=1 kind=unmovable");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline d0.b1"));
        Assert.Equal(4, Loans(bench).Pages);
        Assert.False(Loans(bench).HotplugOccurred);
    }

    [Fact]
    public void Without_its_notifiers_CMM_makes_isolation_fail()
    {
        var bench = new Bench(s_small with { Notifiers = [] }).Done("loan-target pages=4\ntick seconds=1");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline d0.b1"));
    }

    [Fact]
    public void Loaning_allocates_nothing_once_warm()
    {
        using var machine = BitmapMachine.Create();
        machine.Reset(s_small with { BootBlocks = 4 });
        Observation[] seen = [new(), new()];
        var outcome = new Outcome();
        for (var round = 0; round < 200; round++)
            Round(machine, outcome, seen);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1_000; round++)
            Round(machine, outcome, seen);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Round(IMachine machine, Outcome outcome, Observation[] seen)
    {
        var block = new Target(new PageRange(48, 16), -1);
        var target = 0;
        foreach (var operation in (ReadOnlySpan<Operation>)
            [Operation.LoanTarget(30), Operation.Tick(9), Operation.Offline(Name.Boot.WithBlock(3)), Operation.Tick(9),
                Operation.Online(Name.Boot.WithBlock(3), OperationKind.OnlineKernel), Operation.Oom()])
        {
            outcome.Clear();
            machine.Execute(operation, operation.Subject.Kind == NameKind.None ? default : block, outcome);
            machine.Observe(seen[target ^= 1]);
        }
    }

    private static LoanObservation Loans(Bench bench) => bench.After.Loans!.Value;

    private static long OwnedBy(Bench bench, byte owner)
    {
        long pages = 0;
        foreach (var block in bench.After.Blocks)
            foreach (ref readonly var run in block.Pages.Runs)
                pages += run.State.Owner == owner ? run.Count : 0;
        return pages;
    }
}
