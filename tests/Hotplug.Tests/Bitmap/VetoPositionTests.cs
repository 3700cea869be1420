using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// A veto at each position of the chains that kernels really have: who was called, who hears of the CANCEL, and what
/// CMM and virtio-mem have done by then (kernel-semantics 3.0.1, 3.0.3).
/// </summary>
public sealed class VetoPositionTests
{
    private static readonly MachineSpec s_machine = Bench.WithDeviceMemory with
    {
        PageBytes = 64,
        DescriptorBytes = 16,
        Balloons = [new(BalloonDriver.Cmm, false)],
        CmmLeastActive = 0,
    };

    public static TheoryData<string, int> Positions
    {
        get
        {
            var positions = new TheoryData<string, int>();
            foreach (var dialect in (Dialect[])[Dialect.Linux61, Dialect.Linux612])
                for (var k = 1; k <= NotifierChains.Of(dialect).Length; k++)
                    positions.Add(dialect.Name, k);
            return positions;
        }
    }

    [Fact]
    public void The_chains_are_in_order_of_priority_and_CMM_comes_after_slub_and_before_all_that_have_0()
    {
        foreach (var chain in new[] { NotifierChains.Linux61, NotifierChains.Linux612 })
        {
            Assert.Equal(chain.OrderByDescending(static n => n.Priority), chain);
            var cmm = chain.IndexOf(new NotifierSpec(NotifierChains.Cmm, NotifierChains.CmmPriority));
            Assert.Equal("slub", chain[cmm - 1].Name);
            Assert.All(chain[(cmm + 1)..], static n => Assert.Equal(0, n.Priority));
        }
    }

    [Theory]
    [MemberData(nameof(Positions))]
    public void A_veto_of_going_offline_is_seen_by_nobody_behind_it_and_its_cancel_by_all(string dialect, int k)
    {
        var (spec, bench) = Start(dialect);
        bench.Done($"veto k={k} errno=EBUSY");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline d0.b3"));
        Assert.Equal(Names(spec)[..k], Called(spec, bench, MemoryNotification.GoingOffline));
        Assert.Equal(Names(spec), Called(spec, bench, MemoryNotification.CancelOffline));
    }

    [Theory]
    [MemberData(nameof(Positions))]
    public void A_veto_before_CMM_keeps_its_loans_and_one_behind_it_does_not(string dialect, int k)
    {
        var (spec, bench) = Start(dialect);
        bench.Done($"loan-target pages=4\ntick seconds=1\nveto k={k} errno=EBUSY").Do("offline d0.b3");
        var wasAsked = k > Names(spec).IndexOf(NotifierChains.Cmm) + 1;
        Assert.Equal(wasAsked ? 0 : 4, bench.After.Loans!.Value.Pages);
        Assert.Equal(wasAsked, bench.After.Loans!.Value.HotplugOccurred);
        Assert.Equal(wasAsked, Did(bench, EffectKind.LoaningHalted));
        Assert.Equal(wasAsked, Did(bench, EffectKind.LoaningResumed));
    }

    [Theory]
    [MemberData(nameof(Positions))]
    public void A_veto_behind_virtio_mem_makes_it_take_its_references_back(string dialect, int k)
    {
        var (spec, bench) = Start(dialect);
        bench.Done($"plug m1 sub-blocks=1\nonline m1.b0\nveto k={k} errno=EBUSY");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("offline m1.b0"));
        var wasAsked = k > Names(spec).IndexOf("virtio-mem") + 1;
        Assert.Equal(wasAsked, Did(bench, EffectKind.ReferencesDropped));
        Assert.Equal(wasAsked, Did(bench, EffectKind.ReferencesTaken));
        Assert.Equal(1, bench.After.PageAt(spec.RegionOf(1).Start + spec.PagesPerBlock - 1, spec.PagesPerBlock).References);
    }

    [Theory]
    [MemberData(nameof(Positions))]
    public void A_veto_of_going_online_is_seen_by_nobody_behind_it_and_its_cancel_by_all(string dialect, int k)
    {
        var (spec, bench) = Start(dialect);
        var prepared = spec.Dialect.Has(DialectItem.PrepareFinishEvents) ? Names(spec).Count : 0;
        bench.Done($"add d1 pages={spec.PagesPerBlock}\nveto k={prepared + k} errno=EBUSY");
        Assert.Equal(Answer.Of(Errno.EBUSY), bench.Do("online d1.b0"));
        Assert.Equal(Names(spec)[..k], Called(spec, bench, MemoryNotification.GoingOnline));
        Assert.Equal(Names(spec), Called(spec, bench, MemoryNotification.CancelOnline));
    }

    [Theory]
    [MemberData(nameof(Positions))]
    public void A_veto_of_prepare_online_is_followed_by_nothing(string dialect, int k)
    {
        var (spec, bench) = Start(dialect);
        if (!spec.Dialect.Has(DialectItem.PrepareFinishEvents))
            return;
        bench.Done($"add d1 pages={spec.PagesPerBlock}\nveto k={k} errno=EBUSY").Do("online d1.b0");
        Assert.Equal(Names(spec)[..k], Called(spec, bench, MemoryNotification.PrepareOnline));
        Assert.Equal(EffectKind.FaultInjected, bench.Outcome.Effects[^1].Kind);
        Assert.All(bench.Outcome.Effects[..^1].ToArray(), static e => Assert.Equal(
            (EffectKind.Notified, MemoryNotification.PrepareOnline), (e.Kind, e.Notification)));
    }

    private static (MachineSpec Spec, Bench Bench) Start(string dialect)
    {
        var kernel = Dialect.Find(dialect)!;
        var spec = s_machine with { Dialect = kernel, Notifiers = NotifierChains.Of(kernel) };
        return (spec, new Bench(spec));
    }

    private static List<string> Names(MachineSpec spec) => [.. spec.Notifiers.Select(static n => n.Name)];

    private static List<string> Called(MachineSpec spec, Bench bench, MemoryNotification notification) =>
        [.. bench.Outcome.Effects.ToArray().Where(e => e.Kind == EffectKind.Notified && e.Notification == notification)
            .Select(e => spec.Notifiers[(int)e.Value].Name)];

    private static bool Did(Bench bench, EffectKind kind) => bench.Outcome.Effects.ToArray().Any(e => e.Kind == kind);
}
