using Hotplug.Adapters.Kernel;
using Hotplug.Adapters.Recording;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Kernel;

public sealed class StepTraceTests
{
    private const string Isolates = "isolated: (start_isolate_page_range+0x0/0x390) start_pfn=1310720 end_pfn=1343488 flags=3";
    private const string Contiguous = "isolated: (start_isolate_page_range+0x0/0x390) start_pfn=1310720 end_pfn=1311232 flags=0";
    private const string Slub = "call_slub: (slab_memory_callback+0x0/0x1f0) action=2 start=1310720 nr_pages=32768";

    private static readonly PageRange s_block = new(1310720, 32768);

    private readonly StepTrace _trace = new(new MachineSpec { Dialect = Dialect.Linux61, Notifiers = RecordingTable.Chain });

    [Fact]
    public void Isolation_counts_when_it_ended_with_success()
    {
        Assert.Empty(Take(Isolates));
        var isolated = Assert.Single(Take("isolated_end: (offline_pages+0x1c4/0x5a0 <- start_isolate_page_range) ret=0"));
        Assert.Equal(new Effect(EffectKind.Isolated, s_block), isolated);
    }

    [Fact]
    public void What_a_failed_isolation_takes_back_does_not_count() => Assert.Empty(Take(
        Isolates,
        "unisolated: (undo_isolate_page_range+0x0/0xd0) start_pfn=1310720 end_pfn=1312768",
        "isolated_end: (offline_pages+0x1c4/0x5a0 <- start_isolate_page_range) ret=-16"));

    [Theory]
    [InlineData(0)]
    [InlineData(-16)]
    public void The_isolation_of_a_contiguous_allocation_does_not_count(int answer) => Assert.Empty(Take(
        Contiguous,
        $"isolated_end: (alloc_contig_range+0x8a/0x2f0 <- start_isolate_page_range) ret={answer}",
        "unisolated: (undo_isolate_page_range+0x0/0xd0) start_pfn=1310720 end_pfn=1311232"));

    [Fact]
    public void A_refusal_of_a_callback_that_nobody_sees_is_told_by_the_chain()
    {
        var effects = Take(
            "chain: (blocking_notifier_call_chain+0x0/0x80) action=2 start=1310720 nr_pages=32768",
            Slub, "call_slub_end: (notifier_call_chain+0x59/0xd0 <- slab_memory_callback) ret=1",
            "chain_end: (memory_notify+0x20/0x40 <- blocking_notifier_call_chain) ret=32784");
        Assert.Equal(
            [
                new Effect(EffectKind.Notified, s_block, Value: 0, Notification: MemoryNotification.GoingOffline),
                new Effect(EffectKind.Notified, s_block, Value: 2, Notification: MemoryNotification.GoingOffline,
                    Errno: (Errno)15),
            ], effects);
    }

    [Fact]
    public void Another_chain_is_not_the_one_for_memory() => Assert.Empty(Take(
        "chain: (blocking_notifier_call_chain+0x0/0x80) action=2 start=(fault) nr_pages=(fault)",
        "chain_end: (pm_notifier_call_chain+0x20/0x40 <- blocking_notifier_call_chain) ret=32784"));

    [Fact]
    public void What_belongs_to_an_offline_that_goes_on_is_kept_back()
    {
        const string Disabled = "pcp_disabled: (zone_pcp_disable+0x0/0x60) node=1 zone=\"Movable\"";
        Assert.Empty(Take(
            "present_changed: (adjust_present_page_count+0x0/0x60) nr_pages=-512", Disabled,
            "pcp_drained: (__drain_all_pages+0x0/0x1f0) node=1 zone=\"Movable\" force_all_cpus=1"));
        var effects = Take("pcp_enabled: (zone_pcp_enable+0x0/0x60) node=1 zone=\"Movable\"");
        Assert.Equal(
            [EffectKind.PresentChanged, EffectKind.PcpDisabled, EffectKind.PcpDrained, EffectKind.PcpEnabled],
            effects.Select(static e => e.Kind));
        Assert.All(effects.Skip(1), static e => Assert.Equal(new ZoneId(1, ZoneKind.Movable), e.Zone));
    }

    [Fact]
    public void Lists_that_are_drained_for_an_allocation_do_not_count() => Assert.Empty(
        Take("pcp_drained: (__drain_all_pages+0x0/0x1f0) node=0 zone=(fault) force_all_cpus=0"));

    [Fact]
    public void A_page_is_known_by_where_its_descriptor_lies()
    {
        var given = Assert.Single(Take(
            "pages_to_buddy: (generic_online_page+0x0/0x40) page=18446719884537626624 order=10"));
        Assert.Equal(new Effect(EffectKind.PagesToBuddy, new PageRange(1310720, 1024)), given);
    }

    [Theory]
    [InlineData("CPU:0 [LOST 12 EVENTS]")]
    [InlineData("")]
    [InlineData("agent-61 [000] ..... 5.1: nothing that is known")]
    public void Lines_of_another_form_are_passed_over(string line) => Assert.Empty(_trace.Take([line]));

    [Theory]
    [InlineData("", false)]
    [InlineData("p:hotplug/isolated start_isolate_page_range start_pfn=%di:u64\n", false)]
    [InlineData("p:hotplug/isolated f a\nr8:hotplug/isolated_end f a\n", true)]
    public void Steps_that_end_count_as_shown_when_both_events_are_there(string listed, bool shown) =>
        Assert.Equal(shown, StepProbes.Shown(listed).Has(EffectKind.Isolated));

    private List<Effect> Take(params string[] lines) =>
        _trace.Take(lines.Select(static l => "           agent-61      [000] .....     5.123456: " + l));
}
