using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using static Hotplug.Tests.Invariants.EffectScript;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;
using Rules = Hotplug.Invariants.Vmemmap;

namespace Hotplug.Tests.Invariants;

internal static class VmemmapCases
{
    public static readonly InvariantCase[] All =
    [
        Refused(Rules.AtBlockStart, "in the middle of the block", Tick(static s => s[4].Fill(0, 8,
            PageState.Free(3)).Fill(8, 8, Hosted))),
        Refused(Rules.AtBlockStart, "one page too few", Tick(static s => s[4].Fill(7, 1, KernelUse))),
        Kept(Rules.AtBlockStart, "the first pages", Tick(static _ => { })),
        Kept(Rules.AtBlockStart, "a declared defect gave one away", Lost(5)),
        Kept(Rules.AtBlockStart, "a declared defect gave the last one away", Lost(7)),
        Refused(Rules.AtBlockStart, "a declared defect gave another one away",
            Lost(5).Then(static s => s[4].Fill(5, 1, Hosted).Fill(6, 1, KernelUse))),
        Refused(Rules.AtBlockStart, "a declared defect gave none away", Lost(5).Then(static s => s[4].Fill(5, 1, Hosted))),

        Refused(Rules.Untouched, "vmemmap is handed out", Tick(static s => s[4].Fill(0, 8, KernelUse))),
        Refused(Rules.Untouched, "vmemmap appears while the block is online", Of(Operation.Tick(1))
            .From(static s => s[4].Fill(0, 8, PageState.Free(3)))
            .Then(static s => s[4].Fill(0, 8, Hosted))),
        Kept(Rules.Untouched, "a declared defect gave a page of it away", Lost(5)),
        Refused(Rules.Untouched, "a declared defect gave one away, and another went",
            Lost(5).Then(static s => s[4].Fill(3, 1, KernelUse))),
        Kept(Rules.Untouched, "the block goes offline with it", Of(Operation.Offline(B4))
            .Then(static s => s.Offline(4)).Doing(EffectScript.Offline())),

        Refused(Rules.NeverOnDeviceMemory, "a block of device memory hosts its own", Of(Operation.Online(B8))
            .From(static s => s.Offline(8))
            .Then(static s => s.Online(8, ZoneKind.Movable).Fill(0, 8, Hosted).Fill(8, 24, Unplugged))),
        Kept(Rules.NeverOnDeviceMemory, "a block of a DIMM hosts its own", Tick(static _ => { })),

        Refused(Rules.CostFollowsBlocks, "memmap leaks without an add", Tick(static s => s.MemmapPages += 8)),
        Refused(Rules.CostFollowsBlocks, "half a block's memmap", BlockCases.Added(static s => s.MemmapPages -= 4)),
        Kept(Rules.CostFollowsBlocks, "one of two blocks hosts its own",
            BlockCases.Added(static s => s.MemmapPages -= 8)),

        Refused(Rules.SurvivesOffline, "an offline frees vmemmap", Of(Operation.Offline(B4))
            .Then(static s => s.Offline(4))
            .Doing([.. EffectScript.Offline(), Step(EffectKind.VmemmapFreed, Block4)])),
        Kept(Rules.SurvivesOffline, "a removal frees it", BlockCases.Removed()),
        Kept(Rules.SurvivesOffline, "an add that fails frees what it populated",
            Failing(Operation.Add(Name.Device(2), 32), Errno.ENOMEM)
            .Doing(Step(EffectKind.VmemmapPopulated, new PageRange(64, 32)), Step(EffectKind.VmemmapFreed,
                new PageRange(64, 32)))),

        Refused(Rules.TornDownLast, "freed before the block device is destroyed",
            Removing(Step(EffectKind.VmemmapFreed, Block5), Step(EffectKind.BlockDestroyed, Block5))),
        Refused(Rules.TornDownLast, "freed before the sections are offline", Of(Operation.OfflineRemove(B4))
            .Then(static s => s.Remove(4))
            .Doing(Step(EffectKind.VmemmapFreed, Block4), Step(EffectKind.SectionsOffline, Block4))),
        Kept(Rules.TornDownLast, "freed after both", BlockCases.Ejected()),

        Refused(Rules.FreedWithBlock, "not freed", Removing(Step(EffectKind.BlockDestroyed, Block5))),
        Refused(Rules.FreedWithBlock, "freed twice", Removing([.. Removal(Block5), Step(EffectKind.VmemmapFreed,
            Block5)])),
        Kept(Rules.FreedWithBlock, "freed once", Removing(Removal(Block5))),

        Refused(Rules.PopulatedFirst, "the block is created first", BlockCases.Added(static _ => { })
            .Doing(Step(EffectKind.BlockCreated, new PageRange(224, 32)))),
        Kept(Rules.PopulatedFirst, "populated first", BlockCases.Added(static _ => { })),

        Refused(Rules.UsableWhileInUse, "given up before OFFLINE", Of(Operation.Offline(B4))
            .Then(static s => s.Offline(4))
            .Doing([Step(EffectKind.Isolated, Body4), .. Event(MemoryNotification.GoingOffline, Body4),
                Step(EffectKind.VmemmapDeinitialised, new PageRange(128, 8))])),
        Refused(Rules.UsableWhileInUse, "initialised after GOING_ONLINE", Of(Operation.Online(B5))
            .Then(static s => s.Online(5, ZoneKind.Normal))
            .Doing([.. Event(MemoryNotification.GoingOnline, Block5), Step(EffectKind.VmemmapInitialised, Block5)])),
        Kept(Rules.UsableWhileInUse, "given up after OFFLINE", Of(Operation.Offline(B4))
            .Then(static s => s.Offline(4)).Doing(EffectScript.Offline())),
        Kept(Rules.UsableWhileInUse, "initialised, refused and given up", Failing(Operation.Online(B5), Errno.EBUSY)
            .Doing(
            [
                .. Event(MemoryNotification.PrepareOnline, Block5), Step(EffectKind.VmemmapInitialised,
                    new PageRange(160, 8)),
                .. Event(MemoryNotification.GoingOnline, new PageRange(168, 24), refusing: 0),
                .. Event(MemoryNotification.CancelOnline, new PageRange(168, 24)),
                    Step(EffectKind.VmemmapDeinitialised, new PageRange(160, 8)),
                .. Event(MemoryNotification.FinishOffline, Block5),
            ])),
    ];

    // Given to the allocator.
    private static Scene Lost(int offset) => Of(Operation.Tick(1))
        .Then(s => s[4].Fill(offset, 1, KernelUse))
        .Deviating(new Deviation("d", DeviationKind.VmemmapLost, default, 4, offset));

    private static Scene Tick(Action<Sketch> change) => Of(Operation.Tick(1)).Then(change);

    private static Scene Removing(params Effect[] effects) => Of(Operation.Remove(B5))
        .Then(static s => s.Remove(5)).Doing(effects);
}
