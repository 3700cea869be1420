using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;
using Rules = Hotplug.Invariants.Pcplists;

namespace Hotplug.Tests.Invariants;

/// <summary>Block 0, of zone Normal, has a page on the list of CPU 1.</summary>
internal static class PcplistCases
{
    private static readonly PageState s_listed = PageState.Listed(1);

    public static readonly InvariantCase[] All =
    [
        Refused(Rules.DisabledEmpty, "disabled with a page on it", Pcp(PcpAction.Disable, static s => s.PcplistsOff = true)),
        Kept(Rules.DisabledEmpty, "disabled and drained", Pcp(PcpAction.Disable, Disabled)),

        Refused(Rules.LimitsRestored, "off after an offline that failed",
            Listing(Failing(Operation.Offline(B4), Errno.EBUSY)).Then(Disabled)),
        Refused(Rules.LimitsRestored, "another batch after it was enabled", Enabling(static s =>
            s.Pcplist = static list => list with { Batch = 3 })),
        Refused(Rules.LimitsRestored, "still off after it was enabled", Enabling(static _ => { })),
        Kept(Rules.LimitsRestored, "enabled", Enabling(static s => s.PcplistsOff = false)),
        Kept(Rules.LimitsRestored, "off until somebody enables it",
            Listing(Of(Operation.Tick(1))).From(Disabled)),

        Refused(Rules.WithinHigh, "more than its high mark", Tick(static s => s[0].Fill(16, 5, s_listed))),
        Kept(Rules.WithinHigh, "up to its high mark", Tick(static s => s[0].Fill(17, 3, s_listed))),

        Refused(Rules.CountIsItsPages, "a page that is not counted",
            Tick(static s => s.Pcplist = static list => list with { Pages = 0 })),
        Refused(Rules.CountIsItsPages, "a page that is not there",
            Tick(static s => s.Pcplist = static list => list with { Pages = 2 })),
        Kept(Rules.CountIsItsPages, "a page that is counted", Tick(static _ => { })),

        Refused(Rules.ListedPageIsFree, "a page with a reference",
            Tick(static s => s[0].Fill(16, 1, s_listed with { References = 1 }))),
        Refused(Rules.ListedPageIsFree, "a poisoned page",
            Tick(static s => s[0].Fill(16, 1, s_listed with { Flags = PageFlags.Pcplist | PageFlags.HwPoison }))),
        Kept(Rules.ListedPageIsFree, "a free page", Tick(static s => s[0].Fill(16, 2, s_listed))),

        Refused(Rules.LeavesToBuddyOrUser, "used by nobody who took it",
            Pcp(PcpAction.Drain, static s => s[0].Fill(16, 1, KernelUse))),
        Refused(Rules.LeavesToBuddyOrUser, "not what the allocation took",
            Listing(Of(Operation.Alloc(Name.Allocation(1), 1))).With(WitnessRole.Taken, 17, 1)
                .Then(static s => s[0].Fill(16, 1, Used))),
        Kept(Rules.LeavesToBuddyOrUser, "allocated",
            Listing(Of(Operation.Alloc(Name.Allocation(1), 1))).With(WitnessRole.Taken, 16, 1)
                .Then(static s => s[0].Fill(16, 1, Used))),
        Kept(Rules.LeavesToBuddyOrUser, "drained", Pcp(PcpAction.Drain, Drained)),

        Refused(Rules.DrainEmpties, "one page left", Pcp(PcpAction.Drain, static _ => { })),
        Kept(Rules.DrainEmpties, "drained", Pcp(PcpAction.Drain, Drained)),

        Refused(Rules.DisabledWhileIsolated, "only drained", Offlining(EffectScript.Without(EffectScript.Offline(),
            static e => e.Kind is EffectKind.PcpDisabled or EffectKind.PcpEnabled))),
        Refused(Rules.DisabledWhileIsolated, "not drained", Offlining(EffectScript.Without(EffectScript.Offline(),
            static e => e.Kind == EffectKind.PcpDrained))),
        Refused(Rules.DisabledWhileIsolated, "enabled while isolated", Offlining(
        [
            .. EffectScript.Offline()[..4], EffectScript.Step(EffectKind.PcpEnabled, EffectScript.Body4),
            .. EffectScript.Offline()[4..],
        ])),
        Kept(Rules.DisabledWhileIsolated, "disabled, drained, isolated", Offlining(EffectScript.Offline())),
    ];

    private static Scene Offlining(Effect[] effects) => Of(Operation.Offline(B4))
        .Then(static s => s.Offline(4)).Doing(effects);

    private static Scene Pcp(PcpAction action, Action<Sketch> change) =>
        Listing(Of(Operation.Pcp(action))).Then(change);

    private static Scene Enabling(Action<Sketch> change) =>
        Of(Operation.Pcp(PcpAction.Enable)).On(WithLists).From(Single).From(Disabled).Then(change);

    private static Scene Tick(Action<Sketch> change) => Listing(Of(Operation.Tick(1))).Then(change);

    public static Scene Listing(Scene scene) =>
        scene.On(WithLists).From(Single).From(static s => s[0].Fill(16, 1, s_listed));

    // Free pages one by one, so that some of them may be elsewhere.
    private static void Single(Sketch sketch) => sketch[0].Fill(16, 16, PageState.Free(0));

    private static void Disabled(Sketch sketch)
    {
        Drained(sketch);
        sketch.PcplistsOff = true;
    }

    private static void Drained(Sketch sketch) => sketch[0].Fill(16, 1, PageState.Free(0));

    private static MachineSpec WithLists(MachineSpec spec) => spec with { Cpus = 2, PcpBatch = 2, PcpHigh = 4 };
}
