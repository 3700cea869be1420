using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>
/// Online callbacks, and memory that balloon drivers add for themselves and the hypervisor backs page by page.
/// </summary>
internal static class CallbackArms
{
    // Not literals: only spans of bytes cost nothing in every build.
    private static readonly CallbackOwner[] s_drivers = [CallbackOwner.Xen, CallbackOwner.HyperV];
    private static readonly CallbackOwner[] s_owners = Enum.GetValues<CallbackOwner>();

    internal static bool AddDriven(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreeDimmBlocks == 0 || !TryDriver(draw, out var owner))
            return false;
        var hidden = draw.Chance(35);
        var blocks = hidden ? 1 : draw.Between(1, Math.Min(2, draw.Menu.FreeDimmBlocks));
        operation = Operation.Add(Name.Device(draw.Menu.NextDevice), (long)blocks * draw.Spec.PagesPerBlock,
            draw.Node(), owner: owner, blockDevices: hidden ? BlockDevices.Unregistered : BlockDevices.Registered);
        return true;
    }

    internal static bool Back(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.Unbacked.Count == 0)
            return false;
        var run = draw.Menu.Unbacked[draw.Below(draw.Menu.Unbacked.Count)];
        // Now and then a gap stays, as Hyper-V leaves them, or all that is missing comes at once.
        var skipped = draw.Chance(35) ? draw.Below(run.Pages) : 0;
        var left = run.Pages - skipped;
        operation = Operation.Back(run.First.WithPage(run.First.Page + skipped),
            draw.Chance(35) ? left : 1 + draw.Below(left));
        return true;
    }

    internal static bool SwapCallbacks(Draw draw, out Operation operation)
    {
        foreach (var owner in s_owners)
            if ((draw.Menu.Callbacks & (CallbackOwners)(1 << (int)owner)) != CallbackOwners.None)
            {
                operation = Operation.SetCallback(owner, CallbackAction.Restore);
                draw.Then(Operation.SetCallback(draw.Any<CallbackOwner>(s_owners)));
                return true;
            }

        operation = Operation.SetCallback(draw.Any<CallbackOwner>(s_owners));
        return true;
    }

    internal static bool DeflateBeyond(Draw draw, out Operation operation)
    {
        var held = draw.Menu.Ballooned[(int)BalloonDriver.Xen];
        operation = Operation.Deflate(BalloonDriver.Xen,
            Math.Max(0, held) + 1 + draw.Below((draw.Chance(70) ? 1 : 2) * draw.Spec.PagesPerBlock));
        return held >= 0 && draw.Menu.FreeDimmBlocks > 0;
    }

    internal static bool DrivenLife(Draw draw, out Operation operation)
    {
        if (!AddDriven(draw, out operation))
            return false;
        var block = operation.Subject.WithBlock(0);
        var some = 1 + draw.Below(draw.Spec.PagesPerBlock - 1);
        draw.Then(Operation.Back(block.WithPage(0), some)).Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        draw.Then(Operation.Back(block.WithPage(draw.Chance(50) ? 0 : some), draw.Spec.PagesPerBlock - some));
        draw.Then(Operation.Offline(block)).Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        return true;
    }

    internal static bool BackedAndOffline(Draw draw, out Operation operation)
    {
        operation = default;
        if (draw.Menu.FreeDimmBlocks == 0 || !TryDriver(draw, out var owner))
            return false;
        var device = Name.Device(draw.Menu.NextDevice);
        var block = device.WithBlock(0);
        operation = Operation.Add(device, draw.Spec.PagesPerBlock, draw.Node(), owner: owner);
        draw.Then(Operation.Online(block, BlockArms.AnyOnline(draw)));
        draw.Then(Operation.Back(block.WithPage(0), draw.Spec.PagesPerBlock)).Then(Operation.Offline(block));
        draw.Then(draw.Chance(40) ? Operation.Remove(device) : Operation.Online(block, BlockArms.AnyOnline(draw)));
        return true;
    }

    internal static bool BackWhatIsBacked(Draw draw, out Operation operation)
    {
        var pages = draw.Chance(60) ? 1 : 1 + draw.Below(2 * draw.Spec.PagesPerBlock);
        if (draw.Menu.Unbacked.Count > 0 && draw.Chance(50))
        {
            var run = draw.Menu.Unbacked[draw.Below(draw.Menu.Unbacked.Count)];
            operation = Operation.Back(run.First.WithPage(draw.Below(draw.Spec.PagesPerBlock)), pages);
            return true;
        }

        var fits = draw.TryPage(BlockWish.Anywhere, out var page);
        operation = Operation.Back(page, pages);
        return fits && HasDriver(draw);
    }

    internal static bool WrongCallback(Draw draw, out Operation operation)
    {
        operation = Operation.SetCallback(draw.Any<CallbackOwner>(s_owners),
            draw.Chance(50) ? CallbackAction.Set : CallbackAction.Restore);
        return true;
    }

    internal static bool OddOwner(Draw draw, out Operation operation)
    {
        operation = Operation.Add(Name.Device(draw.Menu.NextDevice), draw.Spec.PagesPerBlock * (long)draw.Between(1, 2),
            draw.Node(), memmap: draw.Chance(70) ? MemmapPlacement.Policy : MemmapPlacement.PerBlock,
            owner: draw.Any<CallbackOwner>(s_owners),
            blockDevices: draw.Chance(50) ? BlockDevices.Registered : BlockDevices.Unregistered);
        return HasDriver(draw) || draw.Chance(20);
    }

    internal static bool TouchUnregistered(Draw draw, out Operation operation)
    {
        operation = default;
        foreach (var run in draw.Menu.Unbacked)
        {
            if (run.Registered)
                continue;
            var block = run.First.WithPage(-1);
            operation = draw.Below(6) switch
            {
                0 => Operation.Offline(block),
                1 => Operation.WriteOnline(block, online: draw.Chance(50)),
                2 => Operation.WriteState(block, draw.Chance(50) ? StateText.Empty : StateText.Nonsense),
                3 => Operation.Remove(block),
                4 => Operation.Eject(Name.Device(block.Id)),
                _ => Operation.Online(block, BlockArms.AnyOnline(draw)),
            };
            return true;
        }

        return false;
    }

    // Most machines have no such driver: what they refuse is soon known.
    private static bool HasDriver(Draw draw) => draw.Menu.Ballooned[(int)BalloonDriver.Xen] >= 0
        || draw.Menu.Ballooned[(int)BalloonDriver.HyperV] >= 0;

    // A driver that the machine has and whose callback is set, or comes with its memory.
    private static bool TryDriver(Draw draw, out CallbackOwner owner)
    {
        owner = draw.Any<CallbackOwner>(s_drivers);
        return Fits(draw, owner) || Fits(draw, owner = owner == CallbackOwner.Xen ? CallbackOwner.HyperV : CallbackOwner.Xen);
    }

    private static bool Fits(Draw draw, CallbackOwner owner) =>
        draw.Menu.Ballooned[(int)(owner == CallbackOwner.Xen ? BalloonDriver.Xen : BalloonDriver.HyperV)] >= 0
        && (draw.Spec.OnlineCallbacks == CallbackRegistry.Section
            || (draw.Menu.Callbacks & (CallbackOwners)(1 << (int)owner)) != CallbackOwners.None);
}
