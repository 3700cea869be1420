using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.EffectScript;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>The steps of an operation in this order and in that one.</summary>
internal static class StepBounds
{
    private const MemoryNotification Going = MemoryNotification.GoingOffline;
    private static readonly PageRange s_head = new(160, 8);
    private static readonly PageRange s_first = new(160, 16);
    private static readonly PageRange s_second = new(176, 16);
    private static readonly PageRange s_block6 = CallbackCases.Block6;
    private static readonly Effect s_isolated = Step(EffectKind.Isolated, Body4);
    private static readonly Effect s_unisolated = Step(EffectKind.Unisolated, Body4);
    private static readonly Effect s_sectionsOffline = Step(EffectKind.SectionsOffline, Block4);
    private static readonly Effect s_sectionsOnline = Step(EffectKind.SectionsOnline, Block5);
    private static readonly Effect s_present = Step(EffectKind.PresentChanged, default, -24);
    private static readonly Effect s_opened = Step(EffectKind.Unisolated, Block5);
    private static readonly Effect s_disabled = Step(EffectKind.PcpDisabled, Body4);
    private static readonly Effect s_drained = Step(EffectKind.PcpDrained, Body4);
    private static readonly Effect s_enabled = Step(EffectKind.PcpEnabled, Body4);
    private static readonly Effect s_other = Step(EffectKind.BlockStateChanged, Block4);
    private static readonly Effect[] s_going = Event(Going, Body4);
    private static readonly Effect[] s_cancelled = Event(MemoryNotification.CancelOffline, Body4);
    private static readonly Effect[] s_offlined = Event(MemoryNotification.Offline, Body4);
    private static readonly Effect[] s_onlined = Event(MemoryNotification.Online, Block5);

    public static readonly Bound[] All =
    [
        Bound.Of(NotifierSteps.GoingOfflineAfterIsolation, "isolated and not",
            [
                Doing([s_isolated, .. s_going]), Doing([s_isolated, s_unisolated, s_isolated, .. s_going]),
                Doing([s_isolated, s_other, .. s_going]),
            ],
            [
                Doing(s_going), Doing([s_isolated, s_unisolated, .. s_going]), Doing([.. s_going, s_isolated]),
                Doing([Step(EffectKind.Isolated, Block5), .. s_going]), Doing([s_isolated, .. s_offlined, .. s_going]),
                Doing([s_isolated, .. Event(MemoryNotification.Online, Body4), .. s_going]),
                Doing([s_isolated, .. Event(MemoryNotification.CancelOnline, Body4), .. s_going]),
            ]),
        Bound.Of(NotifierSteps.CancelOfflineAfterUnisolation, "isolated and not",
            [Doing([s_isolated, s_unisolated, .. s_cancelled]), Doing([s_unisolated, .. s_cancelled])],
            [Doing([s_isolated, .. s_cancelled]), Doing(s_cancelled), Doing([s_unisolated, s_isolated, .. s_cancelled])]),
        Bound.Of(NotifierSteps.OfflineAfterAccounting, "sections and present",
            [Doing([s_sectionsOffline, s_present, .. s_offlined]), Doing([s_present, s_sectionsOffline, .. s_offlined])],
            [
                Doing(s_offlined), Doing([s_sectionsOffline, .. s_offlined]), Doing([s_present, .. s_offlined]),
                Doing([s_sectionsOffline, s_present, Step(EffectKind.RemovedFromZone, Body4), .. s_offlined]),
                Doing([s_sectionsOffline, Step(EffectKind.PresentChanged, Block5, -32), .. s_offlined]),
                Doing([s_sectionsOffline, s_present, .. s_cancelled, .. s_offlined]),
            ]),
        Bound.Of(NotifierSteps.OnlineAfterAccounting, "sections, present and isolation",
            [
                Doing([s_sectionsOnline, s_present, s_opened, .. s_onlined]), Doing([s_present, s_sectionsOnline, s_opened, .. s_onlined]),
                Doing([s_opened, s_present, s_sectionsOnline, .. s_onlined]),
            ],
            [
                Doing(s_onlined), Doing([s_present, s_opened, .. s_onlined]), Doing([s_sectionsOnline, s_opened, .. s_onlined]),
                Doing([s_sectionsOnline, s_present, .. s_onlined]), Doing([s_present, s_opened, .. s_onlined, s_sectionsOnline]),
            ]),
        Bound.Of(NotifierSteps.CommitIsFinal, "sections go offline",
            [
                Doing(s_cancelled), Doing([.. s_cancelled, s_sectionsOffline]),
                Doing([Step(EffectKind.SectionsOffline, Block5), .. s_cancelled]),
            ],
            [Doing([s_sectionsOffline, .. s_cancelled]), Doing([s_sectionsOffline, .. s_going, .. s_cancelled])]),
        Bound.Of(NotifierSteps.CommitIsFinal, "what another event ended",
            [Doing([s_sectionsOffline, .. s_offlined, .. s_cancelled])], [Doing([s_sectionsOffline, .. s_cancelled, .. s_cancelled])]),

        Bound.Of(Notifiers.PriorityOrder, "who is called when",
            [
                Doing(Call(Going, Body4, 0), Call(Going, Body4, 1)), Doing(Call(Going, Body4, 2), Call(Going, Body4, 2)),
                Doing(Call(Going, Body4, 0), Call(Going, Body4, 3)),
            ],
            [
                Doing(Call(Going, Body4, 1), Call(Going, Body4, 0)), Doing(Call(Going, Body4, 3), Call(Going, Body4, 2)),
                Doing(Call(Going, Body4, 0), Call(Going, Body4, 2), Call(Going, Body4, 1)),
            ]),
        Bound.Of(Notifiers.CancelReachesWholeChain, "who is called",
            [Doing(Event(Going, Body4, refusing: 1)), Doing(s_going), Doing([s_other, .. s_cancelled, s_other])],
            [
                Doing(s_going.AsSpan(0, 2)), Doing(s_cancelled.AsSpan(0, 2)), Doing([.. s_going, s_going[3]]),
                Doing([.. s_cancelled[..3], Call(MemoryNotification.CancelOffline, Body4, 3, Errno.EBUSY), s_cancelled[3]]),
                Doing(Event(MemoryNotification.CancelOffline, Body4, refusing: 1)),
            ]),
        Bound.Of(Notifiers.CancelReachesWholeChain, "an entry that stands for none, or is not seen",
            [
                Doing(s_going.AsSpan(0, 2)).On(static s => s with { Notifiers = s.Notifiers[..2] }),
                Doing(s_going.AsSpan(0, 2)).On(static s => s with { Notifiers = [.. s.Notifiers[..2], new("cmm", 0)] }),
                Doing(s_going.AsSpan(0, 2)).On(static s => s with { Notifiers = [.. s.Notifiers[..2], s.Notifiers[2] with { Unseen = true }] }),
            ],
            [Doing(s_going.AsSpan(0, 2)).On(static s => s with { Notifiers = s.Notifiers[..3] })]),

        Bound.Of(Pcplists.DisabledWhileIsolated, "lists and isolation",
            [
                Doing(s_disabled, s_drained, s_isolated, s_unisolated, s_enabled),
                Doing(s_disabled, s_drained, s_isolated, s_sectionsOffline, s_enabled),
                Doing(s_disabled, s_enabled), Doing(s_unisolated, s_disabled, s_drained, s_isolated, s_unisolated, s_enabled),
                Doing(s_disabled, s_drained, s_isolated, s_isolated, s_unisolated, s_unisolated, s_enabled),
                Doing(s_unisolated, s_unisolated, s_disabled, s_drained, s_isolated, s_sectionsOffline, s_enabled),
            ],
            [
                Doing(s_isolated), Doing(s_disabled, s_isolated), Doing(s_drained, s_isolated), Doing(s_drained, s_disabled, s_isolated),
                Doing(s_disabled, s_drained, s_isolated, s_enabled), Doing(s_unisolated, s_disabled, s_drained, s_isolated, s_enabled),
                Doing(s_disabled, s_drained, s_isolated, s_isolated, s_unisolated, s_enabled),
                Doing(s_disabled, s_drained, s_isolated, s_unisolated, s_enabled, s_isolated),
            ]),

        Bound.Of(MemmapGroups.HeadCountsSections, "counts of a head",
            [
                Going5(), Going5(Head(0)), Going5(Head(3), Head(2), Head(1), Head(0)), Kept5(Head(2)), Kept5(Head(2), Head(1)),
                Kept5(Populated(s_first), Head(1)), Kept5(Populated(s_first), Populated(s_second), Head(2)),
                Kept5(Populated(Block5), Head(2)),
                Going5(Head(1), Head(0, Block4), Head(0)),
            ],
            [
                Going5(Head(1)), Going5(Head(0), Head(-1)), Kept5(Head(2), Head(0)), Kept5(Head(1), Head(1)), Kept5(Head(1), Head(2)),
                Kept5(Head(-1)),
                Kept5(Populated(s_first), Head(2)), Kept5(Populated(s_first), Populated(s_second), Head(1)),
                Going5(Head(1), Head(0, Block4)),
                Kept5(Populated(s_first), Head(0)),
            ]),
        new(MemmapGroups.HeadHoldsAll, "pages of a head of one section", 1, 20, static x => x is >= 4 and < 12,
            static x => Kept5(Populated(s_first), Head(1, new PageRange(160, x)))),
        new(MemmapGroups.HeadHoldsAll, "pages of a head that is counted down", 0, 20, static _ => true,
            static x => Kept5(Step(EffectKind.BlockDestroyed, s_first), Head(1, new PageRange(160, x)))),
        Bound.Of(MemmapGroups.HeadFreedLast, "what is freed after a head",
            [
                Going5(Head(0), Freed(s_second), Freed(s_first)), Going5(Head(1)), Going5(Head(0)),
                Going5(Head(0), s_other, Freed(s_second)),
                Going5(Freed(s_second), Head(0)), Going5(Head(1), s_other, Freed(s_second)), Going5(Head(0), Freed(s_first)),
                Going5(Freed(s_second), Head(1)),
            ],
            [
                Going5(Head(0), Freed(s_first), Freed(s_second)), Going5(Head(0), Freed(s_second)), Going5(Head(1), Freed(s_first)),
                Going5(Head(1), Freed(s_second)),
                Going5(Head(0), Freed(s_second), Freed(s_second), Freed(s_first)), Going5(s_other, Head(2), Freed(s_first)),
            ]),

        Hosting("vmemmap pages", [0, 8], 4, 16, Dialect.Linux612),
        Hosting("vmemmap pages, less than a pageblock", [0, 6, 8], 4, 12, Dialect.Linux612),
        Hosting("vmemmap pages, for the device", [0, 8, 16], 4, 16, Dialect.Source2019),
        Hosting("vmemmap pages, less than pageblocks, for the device", [0, 6, 8, 12, 16], 4, 12, Dialect.Source2019),
        Hosting("vmemmap pages, more than a block, for the device", [0, 18, 24, 32], 4, 36, Dialect.Source2019),
        Hosting("vmemmap pages, the rest of the device's", [0, 4, 8, 18, 24], 5, 36, Dialect.Source2019),
        Hosting("vmemmap pages of no device", [0, 8], 3, 16, Dialect.Source2019),
        Heading("one section", [0, 8], 4, 16, 1), Heading("two sections", [0, 16], 4, 16, 2), Heading("three sections", [0], 4, 16, 3),
        Heading("no section", [0], 4, 16, 0), Heading("one section, rounded up", [0, 6, 8], 4, 12, 1),
        Heading("two sections, rounded up", [0, 12, 16], 4, 12, 2), Heading("two sections, more than a block", [0, 32], 4, 36, 2),
        Heading("one section, behind the first block", null, 5, 16, 1), Heading("two sections, behind the first block", [0], 5, 16, 2),
        Heading("one section, of no device", [0, 8], 3, 16, 1), Heading("two sections, of no device", [0], 3, 16, 2),
        Heading("an unknown number of sections", null, 4, 16, PageState.Unknown),

        Bound.Of(Vmemmap.UsableWhileInUse, "memmap is set up and given up",
            [
                Doing(Init()), Doing([.. s_going, Init()]), Doing([.. s_offlined, Deinit()]), Doing([.. s_cancelled, Init()]),
                Doing(Deinit()),
                Doing([.. Event(MemoryNotification.Online, Block5), Deinit()]),
                Doing([.. s_offlined, .. Event(MemoryNotification.FinishOffline, Block4), Deinit()]),
                Doing([.. Event(MemoryNotification.PrepareOnline, Block4), Init()]), Doing([Init(), .. s_going]),
            ],
            [
                Doing([.. s_going, Deinit()]), Doing([.. Event(MemoryNotification.GoingOnline, Body4), Init()]),
                Doing([.. Event(MemoryNotification.Online, Body4), Init()]),
                Doing([.. Event(MemoryNotification.GoingOnline, Body4), Deinit()]),
                Doing(Call(MemoryNotification.Online, Body4, 0), Deinit()),
                Doing([.. s_going, .. Event(MemoryNotification.PrepareOnline, Block4), Deinit()]),
                Doing([.. s_going, .. Event(MemoryNotification.FinishOffline, Block4), Deinit()]),
            ]),

        Bound.Of(Callbacks.DecidedOnce, "who decides",
            [
                Doing(), Doing(Moved(), Bare(), Online()), Doing(Moved(), Kept(192, 16), Bare(208, 16), Online()), Doing(Online()),
                Doing(s_other, Online()),
                Doing(Step(EffectKind.VmemmapInitialised, s_block6), Moved(), Online()), Doing(Moved(), Kept(224, 32), Bare(), Online()),
                Doing(s_other, Moved(), Bare(), s_other, Online()),
            ],
            [
                Doing(Moved(), Online()), Doing(Moved(), Bare(192, 31), Online()), Doing(Moved(), Bare(), Bare(), Online()),
                Doing(Moved(), Bare(208, 16), Kept(192, 16), Online()), Doing(s_other, Moved(), Online()), Doing(Moved(), Online(), Bare()),
                Doing(Step(EffectKind.VmemmapInitialised, Block4), Moved(), Online()),
            ]),
        Bound.Of(BlockReports.StateAsReported, "what is reported last",
            [
                Doing(), Doing(Reported(BlockState.Online)), Doing(Reported(BlockState.GoingOffline), Reported(BlockState.Online)),
                Doing(Reported(BlockState.Online), s_isolated),
            ],
            [
                Doing(Reported(BlockState.GoingOffline)), Doing(Reported(BlockState.Online), Reported(BlockState.Offline)),
                Doing(Reported(BlockState.Offline), s_isolated),
            ]),
        Bound.Of(Contigs.IsolationUndone, "isolated and not",
            [Taking(), Taking(s_isolated, s_unisolated), Taking(s_unisolated)],
            [
                Taking(s_isolated), Taking(s_unisolated, s_isolated), Taking(s_isolated, Step(EffectKind.Unisolated, Block4)),
                Taking(s_isolated, Step(EffectKind.Migrated, Body4)),
            ]),
    ];

    private static Bound Hosting(string name, int[] right, int block, int descriptor, Dialect dialect) =>
        new(Vmemmap.AtBlockStart, name, 0, 32, right.Contains, x => Hosted(block, x, descriptor, dialect));

    private static Bound Heading(string name, int[]? right, int block, int descriptor, int references) =>
        new(MemmapGroups.HeadReferences, $"pages of a head that counts {name}", 0, 32, x => right?.Contains(x) ?? true,
            x => Hosted(block, x, descriptor, Dialect.Source2019)
                .Then(s => s[block].Fill(0, Math.Min(x, 1), Scene.Hosted with { References = references })));

    // The first pages of the block are vmemmap; d1 has two blocks, 4 and 5.
    private static Scene Hosted(int block, int pages, int descriptor, Dialect dialect) =>
        Of(Operation.Tick(1)).On(s => s with { DescriptorBytes = descriptor, Dialect = dialect })
            .From(static s => s.Remove(4)).From(s => s.Add(block, ZoneKind.Movable)).Then(s => s[block].Fill(0, pages, Scene.Hosted));

    private static Scene Doing(params ReadOnlySpan<Effect> effects) => Failing(Operation.Offline(B4), Errno.EBUSY).Doing(effects);

    private static Scene Taking(params ReadOnlySpan<Effect> effects) =>
        Of(Operation.Contig(Name.Allocation(1), Name.RawPage(256), 8)).Doing(effects);

    // Block 5, and the head in it, go, or stay.
    private static Scene Going5(params ReadOnlySpan<Effect> effects) => Of(Operation.Remove(B5)).On(InHalves).Then(static s => s.Remove(5)).Doing(effects);

    private static Scene Kept5(params ReadOnlySpan<Effect> effects) => Of(Operation.Remove(B5)).On(InHalves).Doing(effects);

    // A memory block is two sections.
    private static MachineSpec InHalves(MachineSpec spec) => spec with { PagesPerSection = 16, SectionsPerBlock = 2 };

    private static Effect Head(int references, PageRange? pages = null) => Step(EffectKind.VmemmapHeadReference, pages ?? s_head, references);

    private static Effect Freed(PageRange section) => Step(EffectKind.VmemmapFreed, section);

    private static Effect Populated(PageRange section) => Step(EffectKind.VmemmapPopulated, section, 160);

    private static Effect Init() => Step(EffectKind.VmemmapInitialised, new PageRange(128, 8));

    private static Effect Deinit() => Step(EffectKind.VmemmapDeinitialised, new PageRange(128, 8));

    private static Effect Moved() => Step(EffectKind.MovedToZone, s_block6);

    private static Effect Online() => Step(EffectKind.SectionsOnline, s_block6);

    private static Effect Bare(long start = 192, long pages = 32) => Step(EffectKind.PagesToBuddy, new PageRange(start, pages));

    private static Effect Kept(long start, long pages) => Step(EffectKind.PagesKeptOffline, new PageRange(start, pages));

    private static Effect Reported(BlockState state) => Step(EffectKind.BlockStateChanged, Block4, (long)state);
}
