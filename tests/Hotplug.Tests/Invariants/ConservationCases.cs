using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

internal static class ConservationCases
{
    private static readonly Operation s_alloc = Operation.Alloc(Name.Allocation(1), 4);
    private static readonly Operation s_allocKernel = Operation.Alloc(Name.Allocation(1), 4, AllocationKind.Unmovable);

    public static readonly InvariantCase[] All =
    [
        Refused(Conservation.OnePlace, "free and in use", Tick(static s => s[4].Fill(8, 8,
            PageState.Free(3) with { Flags = PageFlags.Buddy | PageFlags.InUse }))),
        Refused(Conservation.OnePlace, "free and PageOffline", Tick(static s => s[4].Fill(8, 8,
            PageState.Free(3) with { Flags = PageFlags.Buddy | PageFlags.Offline }))),
        Kept(Conservation.OnePlace, "in use and poisoned", Tick(static _ => { })
            .From(static s => s[0].Fill(0, 1, KernelUse with { Flags = KernelUse.Flags | PageFlags.HwPoison }))),

        Refused(Conservation.NoneLost, "a page in no place", Tick(static s => s[4].Fill(8, 1, default))),
        Kept(Conservation.NoneLost, "a poisoned page that was taken off the buddy", Tick(static _ => { })
            .From(static s =>
        {
            s[4].Fill(8, 8, Used).Fill(8, 1, Poisoned);
        })),

        Refused(Conservation.PageCount, "half of the pages are missing", Tick(static s => Halve(s))),
        Kept(Conservation.PageCount, "a block whose pages cannot be seen", Tick(static s => s[4].ShowsPages = false)),

        Refused(Conservation.OfflineBlockHoldsNothing, "a page of an offline block is free",
            Of(Operation.Offline(B4)).Then(static s => s.Offline(4).Fill(31, 1, PageState.Free(0)))),
        Kept(Conservation.OfflineBlockHoldsNothing, "a page of an offline block keeps its last count",
            Of(Operation.Offline(B4))
            .Then(static s => s.Offline(4).Fill(0, 8, new PageState(PageFlags.NoPage, 0, 0, 1)))),

        Refused(Conservation.ChunksAligned, "half a chunk", Tick(static s => s[4].Fill(8, 4, Used))),
        Refused(Conservation.ChunksAligned, "a chunk that starts in the middle", Tick(static s => s[4].Fill(8, 1,
            Used).Fill(9, 2, PageState.Free(1)).Fill(11, 5, Used))),
        Kept(Conservation.ChunksAligned, "a chunk is split", Tick(static s => s[4].Fill(8, 1, Used).Fill(9, 1,
            PageState.Free(0)).Fill(10, 2, PageState.Free(1)).Fill(12, 4, PageState.Free(2)))),

        Refused(Conservation.AllocTakesFreePages, "a balloon's pages are handed out", Of(s_alloc)
            .With(WitnessRole.Taken, 8, 4).Then(static s => s[0].Fill(8, 4, Used))),
        Refused(Conservation.AllocTakesFreePages, "a poisoned page is handed out", Of(s_alloc)
            .With(WitnessRole.Taken, 136, 4)
            .From(static s => s[4].Fill(8, 8,
                PageState.Free(3) with { Flags = PageFlags.Buddy | PageFlags.HwPoison }))
                    .Then(static s => s[4].Fill(8, 4, Used))),
        Kept(Conservation.AllocTakesFreePages, "free pages are handed out", Allocated(s_alloc, 136, 4)),

        Refused(Conservation.AllocTakesAll, "three of four pages", Allocated(s_alloc, 136, 3)),
        Refused(Conservation.AllocTakesAll, "a failed allocation keeps pages", Failing(s_alloc,
            Errno.ENOMEM).With(WitnessRole.Taken, 136, 2)),
        Kept(Conservation.AllocTakesAll, "rounded up to whole chunks", Allocated(Operation.Alloc(Name.Allocation(1),
            3, order: 2), 136, 4)),
        Kept(Conservation.AllocTakesAll, "a failed allocation takes none", Failing(s_alloc, Errno.ENOMEM)),

        Refused(Conservation.UnmovableOutsideMovable, "kernel pages in zone Movable", Allocated(s_allocKernel, 136, 4)),
        Kept(Conservation.UnmovableOutsideMovable, "kernel pages in zone Normal", Of(s_allocKernel)
            .With(WitnessRole.Taken, 12, 4).Then(static s => s[0].Fill(12, 4, KernelUse))),

        Refused(Conservation.ReleasedIsFree, "released and still in use",
            Of(Operation.Free(Name.Allocation(1))).With(WitnessRole.Released, 136, 4)
            .From(static s => s[4].Fill(8, 4, Used).Fill(12, 4, PageState.Free(2)))),
        Kept(Conservation.ReleasedIsFree, "released and free", Of(Operation.Free(Name.Allocation(1)))
            .With(WitnessRole.Released, 136, 4)
            .From(static s => s[4].Fill(8, 4, Used).Fill(12, 4, PageState.Free(2)))
                .Then(static s => s[4].Fill(8, 8, PageState.Free(3)))),

        Refused(Conservation.QuietOperations, "a policy leaks a page",
            Of(Operation.Policy(PolicySetting.AutoOnline)).Then(static s => s[4].Fill(8, 8, Used))),
        Kept(Conservation.QuietOperations, "a policy changes nothing", Of(Operation.Policy(PolicySetting.AutoOnline))),
    ];

    private static Scene Tick(Action<Sketch> change) => Of(Operation.Tick(1)).Then(change);

    private static Scene Allocated(Operation operation, long start, int count) => Of(operation)
        .With(WitnessRole.Taken, start, count)
        .Then(s => s[4].Fill(8, count, Used).Fill(8 + count, 8 - count, PageState.Free(0)));

    private static void Halve(Sketch sketch)
    {
        sketch.Remove(4);
        sketch.Add(4, ZoneKind.Movable).Shown = 16;
    }
}
