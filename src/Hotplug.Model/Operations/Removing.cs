using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// <c>remove</c>, <c>offline-remove</c> and <c>eject</c>: try_remove_memory(), offline_and_remove_memory(),
/// acpi_scan_hot_remove() (kernel-semantics 3.5, 3.6, 3.8).
/// </summary>
internal static class Removing
{
    private static readonly Citation s_remove = new("v6.12", "mm/memory_hotplug.c", "try_remove_memory");
    private static readonly Citation s_both = new("v6.12", "mm/memory_hotplug.c", "offline_and_remove_memory");
    private static readonly Citation s_eject = new("v6.12", "drivers/acpi/scan.c", "acpi_scan_hot_remove");

    /// <summary>Judges <c>remove</c>.</summary>
    public static Judgement JudgeRemove(in Ruling ruling)
    {
        var range = RangeOf(ruling);
        if (!ruling.Spec.DimmRange.Contains(range))
            return ruling.Demand(Errno.EINVAL, "not hot-added memory of a device", s_remove);
        if (AnyOnline(ruling.State, range))
            return ruling.Demand(Errno.EBUSY, "a memory block is not offline", s_remove);
        if (WrongGranularity(ruling, range))
            return ruling.Demand(Errno.EINVAL, "blocks that host their own vmemmap are removed as they were added", s_remove);
        return ruling.IsOk ? Gone(ruling, ruling.State, range) : ruling.RefuteAnswer("ok", s_remove);
    }

    /// <summary>Judges <c>offline-remove</c>.</summary>
    public static Judgement JudgeOfflineRemove(in Ruling ruling)
    {
        var range = RangeOf(ruling);
        if (!ruling.Spec.DimmRange.Contains(range))
            return ruling.Demand(Errno.EINVAL, "not hot-added memory of a device", s_both);
        if (AnyDriven(ruling.State, range))
            return ruling.Demand(Errno.EBUSY, "a balloon driver added some of it and takes nothing away", s_both);
        var moved = LoanRelease.Follow(Migrations.Follow(ruling.State, ruling.Seen.Outcome), ruling.Seen, range);
        if (ruling.IsOk)
        {
            if (Unexpected(ruling, range) is { } why)
                return why;
            return WrongGranularity(ruling, range)
                ? ruling.RefuteAnswer("EINVAL (blocks that host their own vmemmap are removed as they were added)", s_both)
                : Gone(ruling, moved, range);
        }

        return (ruling.Is(Errno.EINVAL) && WrongGranularity(ruling, range)) || Explained(ruling, range)
            ? RolledBack(ruling, moved, range)
            : ruling.RefuteAnswer("ok, or a refusal that something seen explains", s_both);
    }

    /// <summary>Judges <c>eject</c>.</summary>
    public static Judgement JudgeEject(in Ruling ruling)
    {
        if (ruling.Seen.Operation.Subject.Id == 0)
            return ruling.Demand(Errno.EINVAL, "boot memory is no device", s_eject);
        if (ruling.State.Device(ruling.Seen.Operation.Subject.Id) is not { } device)
            return ruling.Demand(Errno.ENOENT, "no such device", s_eject);
        if (AnyDriven(ruling.State, device.Range))
            return ruling.Demand(Errno.EBUSY, "a balloon driver added some of it and takes nothing away", s_eject);
        var moved = LoanRelease.Follow(Migrations.Follow(ruling.State, ruling.Seen.Outcome), ruling.Seen, device.Range);
        if (ruling.Answer == Answer.Pending)
            return ruling.Permit(moved, MayMove(ruling.Seen));
        if (ruling.IsOk)
            return Unexpected(ruling, device.Range) ?? Gone(ruling, moved, device.Range);

        // Whatever the cause, a refused ejection is reported as busy.
        return (ruling.Answer.IsErrno || ruling.Answer == Answer.Unfinished) && (Explained(ruling, device.Range) || AnyRefusalArmed(ruling)
                || (ruling.Is(Errno.EBUSY) && (AnyObstacle(ruling, device.Range) || AnyForeign(ruling.State, device)
                    || WrongGranularity(ruling, device.Range))))
            ? RolledBack(ruling, moved, device.Range)
            : ruling.RefuteAnswer("ok, or a refusal that something seen explains", s_eject);
    }

    /// <summary>The state without the blocks of the range, and without a device that has none left.</summary>
    public static State Drop(State state, PageRange range)
    {
        foreach (var block in state.BlocksIn(range).ToArray())
            state = block.Online ? Offlining.Take(state, block) : state;
        var next = state.WithoutBlocks(range);
        return next with
        {
            Devices = next.Devices.RemoveAll(d => d.Range.Intersects(range) && !next.Blocks.Any(b => b.Owner == d.Id)),
            Poisoned = Checks.InFlight.WithoutRange(next.Poisoned, range),
            Backed = next.Backed.Without(range),
        };
    }

    /// <summary>What removal does to pages: the memmap of removed blocks goes back to the buddy.</summary>
    public static bool FreesMemmap(PageState before, PageState after) =>
        before.Has(PageFlags.InUse | PageFlags.Kernel) && before.Owner == 0
        && IsGivenBack(before, after);

    /// <summary>A page that is freed is free, in the buddy or on a per-CPU list; but for a poisoned one.</summary>
    public static bool IsGivenBack(PageState before, PageState after) =>
        before.Has(PageFlags.HwPoison) ? Poisoning.IsHeld(after) : after.IsFree;

    private static Judgement Gone(in Ruling ruling, State state, PageRange range)
    {
        var seen = ruling.Seen;
        long cost = 0, freed = 0;
        foreach (var block in state.BlocksIn(range))
            cost += block.Hosted ? 0 : ruling.Spec.VmemmapPagesPerBlock;
        var judgement = ruling.Permit(Drop(state, range), new PageRule((pages, before, after) =>
        {
            if (Migrations.Explain(seen, pages, before, after) || LoanRelease.Explains(seen, pages, before, after))
                return true;
            freed += pages.Count;
            return FreesMemmap(before, after);
        }));
        return judgement.IsPermitted && seen.Sees(Visibility.Placement | Visibility.BootPages) && freed > cost
            ? Ruling.Refute("remove.memmap-freed", seen.Operation.ToString(), $"{cost} pages of memmap given back", $"{freed}", s_remove)
            : judgement;
    }

    // A refusal puts every block back that was online, in the kind of zone it had (I-31, I-43) – unless putting back is
    // itself refused by a sticky error.
    private static Judgement RolledBack(in Ruling ruling, State state, PageRange range)
    {
        var sticky = Refusals.Sticky(ruling, online: true) != Errno.None || ruling.State.Veto.K > 0;
        foreach (var block in state.BlocksIn(range).ToArray())
        {
            if (!block.Online)
                continue;
            var shownOffline = ruling.Seen.After.Find(block.Number) is { IsOnline: false };
            if (ruling.Seen.Deviations.For(DeviationKind.OfflineAfterRollback, block.Number) is not null || (sticky && shownOffline))
                state = Offlining.Take(state, block);
            else if (ruling.Seen.Deviations.For(DeviationKind.ZoneAfterRollback, block.Number) is { } deviation)
                state = state.With(block with { Zone = deviation.Zone.Kind });
        }

        var seen = ruling.Seen;
        return ruling.Permit(state, new PageRule((pages, before, after) => Migrations.Explain(seen, pages, before, after)
            || LoanRelease.Explains(seen, pages, before, after)
            || (before.Has(PageFlags.HwPoison) && Poisoning.IsHeld(after) && WentOffline(seen, seen.Spec.BlockOf(pages.Start)))));
    }

    // It was offline in between: of a poisoned page only the poison is sure to come back.
    private static bool WentOffline(Transition seen, int block)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.SectionsOffline && seen.Spec.BlockOf(effect.Range.Start) == block)
                return true;
        return false;
    }

    private static PageRule MayMove(Transition seen) =>
        new((pages, before, after) => Migrations.Explain(seen, pages, before, after)
            || LoanRelease.Explains(seen, pages, before, after));

    private static bool Explained(in Ruling ruling, PageRange range)
    {
        if (ruling.State.PcplistsDisabled && AnyOnline(ruling.State, range))
            return ruling.Answer == Answer.Unfinished;
        if (Refusals.IsRefused(ruling, online: false) || LoanRelease.Refuses(ruling, range))
            return true;
        foreach (var block in ruling.State.BlocksIn(range))
            if (block.Online
                && ((block.Fixed && ruling.Is(Errno.EINVAL))
                    || (ruling.Is(Errno.EBUSY) && Obstacles.ExplainBusy(ruling.Seen, block))
                    || (ruling.Answer == Answer.Unfinished && Obstacles.ExplainUnfinished(ruling.State, ruling.Seen, block, range))))
                return true;
        return false;
    }

    private static bool AnyObstacle(in Ruling ruling, PageRange range)
    {
        foreach (var block in ruling.State.BlocksIn(range))
            if (block.Online && (Obstacles.ExplainBusy(ruling.Seen, block)
                || Obstacles.ExplainUnfinished(ruling.State, ruling.Seen, block, range)))
                return true;
        return false;
    }

    // Part of its range was removed and added again by another device, which uses it.
    private static bool AnyForeign(State state, Device device)
    {
        foreach (var block in state.BlocksIn(device.Range))
            if (block.Online && block.Owner != device.Id)
                return true;
        return false;
    }

    private static bool AnyDriven(State state, PageRange range)
    {
        foreach (var block in state.BlocksIn(range))
            if (block.Driver != Contract.Operations.CallbackOwner.Generic)
                return true;
        return false;
    }

    private static bool AnyRefusalArmed(in Ruling ruling) =>
        (Refusals.Sticky(ruling, online: false) is var sticky && sticky != Errno.None && IsToldAs(ruling, sticky))
        || (ruling.State.Veto.K > 0 && IsToldAs(ruling, ruling.State.Veto.Errno));

    private static bool IsToldAs(in Ruling ruling, Errno cause) =>
        ruling.Is(cause) || ruling.Is(Errno.EBUSY) || ruling.Answer == Answer.Unfinished;

    private static Judgement? Unexpected(in Ruling ruling, PageRange range)
    {
        if (!AnyOnline(ruling.State, range))
            return null;
        if (ruling.State.PcplistsDisabled)
            return ruling.RefuteAnswer("unfinished (somebody else has disabled the per-CPU lists)", s_both);
        if (Refusals.MustRefuse(ruling, online: false) is { } refusal)
            return Judgement.Refuted(refusal);
        foreach (var block in ruling.State.BlocksIn(range))
            if (block.Online && Obstacles.Certain(ruling.State, ruling.Seen, block) is { } obstacle)
                return ruling.RefuteAnswer($"a refusal ({obstacle})", s_both);
        return null;
    }

    private static PageRange RangeOf(in Ruling ruling)
    {
        var target = ruling.Seen.Target.Range;
        return ruling.Seen.Operation.Amount > 0
            ? new PageRange(target.Start, ruling.Seen.Operation.Amount * ruling.Spec.PagesPerBlock)
            : target;
    }

    private static bool AnyOnline(State state, PageRange range)
    {
        foreach (var block in state.BlocksIn(range))
            if (block.Online)
                return true;
        return false;
    }

    // 6.1: a self-hosting block is removed alone. 6.12: all blocks of the range host their vmemmap, or none does. A
    // device that hosts the vmemmap of all its blocks at its start is removed as a whole.
    private static bool WrongGranularity(in Ruling ruling, PageRange range)
    {
        int hosted = 0, others = 0;
        foreach (var block in ruling.State.BlocksIn(range))
        {
            if (ruling.State.Device(block.Owner) is { MemmapPerDevice: true } device && !range.Contains(device.Range))
                return true;
            _ = block.Hosted ? hosted++ : others++;
        }

        return ruling.Spec.Dialect.Has(DialectItem.AltmapMultiBlock)
            ? hosted > 0 && others > 0
            : hosted > 0 && range.Count != ruling.Spec.PagesPerBlock;
    }
}
