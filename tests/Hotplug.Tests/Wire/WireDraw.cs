using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Tests.Wire;

/// <summary>Draws what travels over the wire, with no state in mind.</summary>
internal static class WireDraw
{
    internal static readonly MachineSpec Spec = new() { PagesPerPageblock = 4, PagesPerSection = 16, MaxOrder = 3 };

    private const int MostBlocks = 12;
    private const long MostPages = 1L << 40;

    private static readonly Errno[] s_errnos = [Errno.None, Errno.EBUSY, Errno.EINVAL, Errno.EHWPOISON, (Errno)77];

    internal static Outcome Outcome(ref SplitMix random)
    {
        var outcome = new Outcome
        {
            Answer = random.Below(8) switch
            {
                0 => Answer.Unfinished,
                1 => Answer.Pending,
                2 => Answer.Rejected,
                _ => Answer.Of(s_errnos[random.Below(s_errnos.Length)]),
            },
            Log = random.Chance(30) ? "page:ffff \"dumped\"\n\t1 \u00e9" : "",
        };
        for (var left = random.Below(4); left > 0; left--)
        {
            var role = Any<WitnessRole>(ref random);
            outcome.Add(new Witness(role, Range(ref random), role == WitnessRole.Migrated
                ? random.Below(MostPages) : -1));
        }

        for (var left = random.Below(6); left > 0; left--)
            outcome.Add(Effect(ref random));
        return outcome;
    }

    /// <summary>Writes into a buffer, whole or changing some of it; stamps say what changed.</summary>
    internal static void Observe(ref SplitMix random, Observation into, ref long stamp)
    {
        into.Begin(whole: false);
        for (var number = 0; number < MostBlocks; number++)
            if (random.Chance(20))
                into.Remove(number);
            else if (random.Chance(50))
                Write(ref random, into.Open(number), into, ref stamp);
        for (short node = 0; node < 2; node++)
            into.Add(new ZoneObservation(new ZoneId(node, ZoneKind.Normal), random.Below(64), random.Below(64),
                random.Below(64), random.Between(-5, 64), random.Below(64), random.Between(-1, 4)));
        if (random.Chance(50))
            into.Add(new DeviceObservation(Name.Device(1), Range(ref random), 16, 16, random.Chance(50),
                Any<CallbackOwner>(ref random)));
        if (random.Chance(50))
            into.Add(new DeviceObservation(Name.DeviceMemory(2), Range(ref random), 8, 16, random.Chance(50)));
        if (random.Chance(50))
            into.Add(new BalloonObservation(BalloonDriver.HyperV, random.Below(9), random.Between(-1, 9),
                random.Chance(50)));
        if (random.Chance(50))
            into.Loans = new LoanObservation(random.Below(9), random.Below(9), random.Below(9), random.Below(9),
                random.Chance(50), random.Below(9), random.Chance(50));
        if (random.Chance(50))
            into.Add(new NodeObservation(1, random.Chance(50), random.Chance(50), random.Chance(50)));
        if (random.Chance(50))
            into.Add(Range(ref random));
        if (random.Chance(50))
            into.Add(new PcplistObservation(new ZoneId(0, Any<ZoneKind>(ref random)), (short)random.Below(3),
                random.Below(9), random.Below(9), random.Between(1, 4)));
        into.ManagedTotal = random.Between(-1, 99);
        into.Callbacks = random.Chance(50) ? CallbackOwners.None : CallbackOwners.Xen | CallbackOwners.VirtioMem;
        into.PoisonedPages = random.Between(-1, 9);
        into.BootMemmapPages = random.Between(-1, 9);
        into.End();
    }

    internal static T Any<T>(ref SplitMix random)
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>();
        return values[random.Below(values.Length)];
    }

    private static Effect Effect(ref SplitMix random)
    {
        var effect = new Effect(Any<EffectKind>(ref random), Range(ref random));
        if (random.Chance(50))
            effect = effect with { Zone = new ZoneId((short)random.Below(3), Any<ZoneKind>(ref random)) };
        if (random.Chance(50))
            effect = effect with { Value = random.Between(-9, 9) };
        if (random.Chance(50))
            effect =
                effect with
                {
                    Notification = Any<MemoryNotification>(ref random),
                    Errno =
                s_errnos[random.Below(s_errnos.Length)]
                };
        return effect;
    }

    private static PageRange Range(ref SplitMix random) => new(random.Below(MostPages), random.Below(64));

    private static void Write(ref SplitMix random, BlockObservation block, Observation into, ref long stamp)
    {
        block.Stamp = ++stamp;
        block.State = Any<BlockState>(ref random);
        block.Node = (short)random.Below(3);
        block.Zone = Any<ZoneKind>(ref random);
        block.OtherZone = Any<ZoneKind>(ref random);
        block.IsRegistered = random.Chance(80);
        block.Pages.Clear();
        if (random.Chance(80))
            while (block.Pages.Pages < Spec.PagesPerBlock)
                block.Pages.Add(random.Between(1, Spec.PagesPerBlock - block.Pages.Pages), new PageState(
                    (PageFlags)random.Below(1 << 15), (byte)(random.Chance(50) ? 0 : random.Below(4)),
                    (byte)(random.Chance(80) ? 0 : 200), random.Chance(20) ? PageState.Unknown
                        : random.Between(-1, 2)));
        into.Close(block);
    }
}
