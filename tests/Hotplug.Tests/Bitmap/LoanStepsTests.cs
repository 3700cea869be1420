using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// A removal that begins between two steps of a loan: what source document 000 says of the race. The steps are those
/// that the machine is made of; here they are taken by hand.
/// </summary>
public sealed class LoanStepsTests
{
    private const int Rounds = 20;

    private static readonly MachineSpec s_spec = Bench.Small with
    {
        PageBytes = 64,
        DescriptorBytes = 16,
        BootBlocks = 3,
        Balloons = [new(BalloonDriver.Cmm, false)],
        CmmLeastActive = 0,
    };

    private readonly MachineState _state;
    private readonly Wiring<Faithful> _machine;
    private readonly LoanSteps<Faithful> _steps;
    private readonly CmmNotifier<Faithful> _notifier;
    private readonly EffectLog _log = new(new Outcome());

    public LoanStepsTests()
    {
        _state = Boot.Start(s_spec, new Journal());
        _machine = new Wiring<Faithful>(_state, default);
        _steps = new LoanSteps<Faithful>(
            _state, _machine.Buddy, new PageAllocator<Faithful>(_state, _machine.Buddy, _machine.PcplistSteps, default),
            default);
        _notifier = new CmmNotifier<Faithful>(_state, _steps, default);
    }

    private LoanList List => _state.Cmm!.List;

    /// <summary>Every place of a loan of twenty pages where a removal may begin, for each of the blocks.</summary>
    public static TheoryData<int, int> Places
    {
        get
        {
            var places = new TheoryData<int, int>();
            for (var step = 0; step < 4 * Rounds; step++)
                for (var block = 0; block < s_spec.BootBlocks; block++)
                    places.Add(step, block);
            return places;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void At_most_one_page_is_loaned_after_a_removal_began_and_it_is_not_in_the_range(int step, int block)
    {
        var range = s_spec.PagesOf(block);
        long loaned = -1;
        Loan(taken =>
        {
            if (taken != step || !TryIsolate(block))
                return;
            Assert.Equal(Errno.None, _notifier.Act(MemoryNotification.GoingOffline, range, _log));
            loaned = List.Loaned;
        });
        if (loaned < 0)
            return;   // Refused at isolation: a page on its way to the list was in the range.
        Assert.InRange(List.Loaned, loaned, loaned + 1);
        Assert.DoesNotContain(Owned(), range.Contains);
        Assert.False(_steps.MayLoan());
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Isolation_is_refused_for_a_page_that_is_on_its_way_to_the_list(int step, int block)
    {
        Loan(taken =>
        {
            if (taken != step)
                return;
            Assert.Equal(!OnTheirWay.Exists(pfn => s_spec.BlockOf(pfn) == block), TryIsolate(block));
        });
    }

    [Fact]
    public void Freeing_goes_on_while_a_removal_is_active()
    {
        Loan(static _ => { });
        _state.Cmm!.IsHalted = true;
        _machine.Loaning.OutOfMemory(_log);
        Assert.Equal(0, List.Loaned);
        Assert.Equal(0, List.Count);
    }

    [Fact]
    public void A_cancel_without_a_going_offline_lets_nothing_go_on()
    {
        Assert.Equal(Errno.None, _notifier.Act(MemoryNotification.CancelOffline, s_spec.PagesOf(0), _log));
        Assert.True(_steps.MayLoan());
    }

    private List<long> OnTheirWay { get; } = [];

    // cmm_alloc_pages(), a call between any two steps.
    private void Loan(Action<int> between)
    {
        var step = 0;
        for (var round = 0; round < Rounds; round++)
        {
            between(step++);
            if (!_steps.MayLoan())
                return;
            between(step++);
            var pfn = _steps.AllocatePage();
            OnTheirWay.Add(pfn);
            between(step++);
            var result = _steps.Loan(pfn, listPage: -1, _log);
            if (result == LoanResult.NeedsListPage)
            {
                between(step++);
                Assert.Equal(Errno.None, _steps.AllocateListPage(out var listPage));
                OnTheirWay.Add(listPage);
                between(step++);
                result = _steps.Loan(pfn, listPage, _log);
            }

            Assert.Equal(LoanResult.Loaned, result);
            OnTheirWay.Clear();
        }
    }

    // start_isolate_page_range(): what is counted must be all that is immobile.
    private bool TryIsolate(int block)
    {
        if (new IsolationNotifier<Faithful>(_state, default).FindUnmovable(_state.Blocks[block], 0, s_spec.PagesPerBlock, _log) >= 0)
            return false;
        _machine.Buddy.Unlist(_state.Blocks[block]);
        return true;
    }

    private IEnumerable<long> Owned()
    {
        for (var height = 0; height < List.Count; height++)
        {
            var page = List.At(height);
            yield return page.Pfn;
            for (var i = 0; i < page.Index; i++)
                yield return page.Pages[i];
        }
    }
}
