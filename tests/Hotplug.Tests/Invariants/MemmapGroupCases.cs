using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using static Hotplug.Tests.Invariants.EffectScript;
using static Hotplug.Tests.Invariants.InvariantCase;
using static Hotplug.Tests.Invariants.Scene;
using Rules = Hotplug.Invariants.MemmapGroups;

namespace Hotplug.Tests.Invariants;

internal static class MemmapGroupCases
{
    private static readonly PageRange s_pages = new(160, 8);

    public static readonly InvariantCase[] All =
    [
        Refused(Rules.HeadCountsSections, "removed and not counted", Removing(Head(1), Freed(Block5))),
        Refused(Rules.HeadCountsSections, "counted twice", Removing(Head(0), Head(-1), Freed(Block5))),
        Refused(Rules.HeadCountsSections, "two sections counted at once",
            Removing(Head(2), Head(0), Freed(Block5))),
        Refused(Rules.HeadCountsSections, "set to more than were populated", Adding(Head(2, new PageRange(64, 8)))),
        Kept(Rules.HeadCountsSections, "counted down", Removing(Head(0), Freed(Block5))),

        Refused(Rules.HeadHoldsAll, "too few pages", Adding(Head(1, new PageRange(64, 7)))),
        Refused(Rules.HeadHoldsAll, "a pageblock too many", Adding(Head(1, new PageRange(64, 16)))),
        Kept(Rules.HeadHoldsAll, "as many as its section needs", Adding(Head(1, new PageRange(64, 8)))),

        Refused(Rules.HeadReferences, "a head that counts too many", Tick(2)),
        Kept(Rules.HeadReferences, "a head of one section", Tick(1)),

        Refused(Rules.HeadFreedLast, "freed forwards", Removing(Head(1), Head(0),
            Freed(new PageRange(160, 16)), Freed(new PageRange(176, 16)))),
        Refused(Rules.HeadFreedLast, "freed while it is in use", Removing(Head(1), Freed(Block5), Head(0))),
        Refused(Rules.HeadFreedLast, "the head's section is not freed", Removing(Head(0),
            Freed(new PageRange(176, 16)))),
        Kept(Rules.HeadFreedLast, "freed backwards", Removing(Head(1), Head(0),
            Freed(new PageRange(176, 16)), Freed(new PageRange(160, 16)))),
    ];

    private static Effect Head(int references, PageRange? pages = null) =>
        Step(EffectKind.VmemmapHeadReference, pages ?? s_pages, references);

    private static Effect Freed(PageRange section) => Step(EffectKind.VmemmapFreed, section);

    private static Scene Removing(params Effect[] effects) => Of(Operation.Remove(B5))
        .Then(static s => s.Remove(5)).Doing([Step(EffectKind.BlockDestroyed, Block5), .. effects]);

    // Two blocks that host their own memmap; the head of the first one as given.
    private static Scene Adding(Effect head) => Of(Operation.Add(Name.Device(2), 64)).On(In2019)
        .With(WitnessRole.Placed, 64, 64)
        .Then(static s =>
        {
            foreach (var block in (int[])[2, 3])
            {
                s.Add(block).Zone = ZoneKind.Normal;
                s.Offline(block);
            }

            s.Devices.Add(new DeviceObservation(Name.Device(2), new PageRange(64, 64), 64, 64, false));
        })
        .Doing(Populated(64), head, Created(64), Populated(96), Head(1, new PageRange(96, 8)), Created(96));

    private static Effect Populated(long block) =>
        Step(EffectKind.VmemmapPopulated, new PageRange(block, 32), block);

    private static Effect Created(long block) => Step(EffectKind.BlockCreated, new PageRange(block, 32));

    private static Scene Tick(int references) => Of(Operation.Tick(1)).On(In2019)
        .Then(s => s[4].Fill(0, 1, Hosted with { References = references }));

    private static MachineSpec In2019(MachineSpec spec) => spec with { Dialect = Dialect.Source2019 };
}
