using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Checks;
using Hotplug.Model.States;

namespace Hotplug.Model.Operations;

/// <summary>
/// <c>online</c>, <c>online_kernel</c>, <c>online_movable</c>: memory_block_online(), online_pages() (kernel-semantics
/// 3.2),
/// and the auto-onlining of added blocks.
/// </summary>
internal static class Onlining
{
    private static readonly Citation s_store = new("v6.12", "drivers/base/memory.c", "state_store");
    private static readonly Citation s_online = new("v6.12", "drivers/base/memory.c", "memory_block_online");
    private static readonly Citation s_fresh = new("v6.12", "mm/memory_hotplug.c", "generic_online_page");

    /// <summary>Judges a write of one of the three online words to <c>state</c>.</summary>
    public static Judgement JudgeWrite(in Ruling ruling, AutoOnline type)
    {
        var number = ruling.Spec.BlockOf(ruling.Seen.Target.Range.Start);
        if (InFlight.Blurs(ruling.Seen, number))
            return InFlight.JudgeBlurred(ruling, number, online: true, s_store);
        if (ruling.State.FindRegistered(number) is not { } block)
            return ruling.Demand(Errno.ENOENT, "no such memory block", s_store);
        if (!block.Online)
            return Judge(ruling, block, type);

        // state_store() has set online_type before it finds the block online, and leaves it set.
        return ruling.Is(Errno.EINVAL)
            ? ruling.Permit(ruling.State.With(block with { Stale = type }), PageRule.Nothing)
            : ruling.RefuteAnswer("EINVAL (already online)", s_store);
    }

    /// <summary>Judges an attempt to bring an offline block online.</summary>
    public static Judgement Judge(in Ruling ruling, Block block, AutoOnline type)
    {
        var tried = ruling.State.With(block with { Stale = AutoOnline.Offline });
        var poisoned = ruling.Spec.Dialect.Has(DialectItem.PoisonBlocksOnline) && ruling.State.PoisonedIn(block.Range) > 0;
        if (poisoned)
            return ruling.Is(Errno.EHWPOISON) ? ruling.Permit(tried, PageRule.Nothing)
                : ruling.RefuteAnswer("EHWPOISON (the block holds a poisoned page)", s_online);
        if (Refusals.IsRefused(ruling, online: true) || (ruling.Is(Errno.ENOMEM) && Refusals.IsExhausted(ruling.Seen)))
            return ruling.Permit(tried, PageRule.Nothing);
        if (!ruling.IsOk)
            return ruling.RefuteAnswer("ok, or the errno of a notifier that refuses", s_online);
        if (Refusals.MustRefuse(ruling, online: true) is { } refusal)
            return Judgement.Refuted(refusal);
        var next = Bring(tried, tried.Find(block.Number)!.Value, ZoneChoice.For(ruling.State, ruling.Spec, block, type));
        return CheckFresh(ruling.Seen, block, PageFlags.None) is { } stale
            ? Judgement.Refuted(stale)
            : ruling.Permit(next, PageRule.Nothing);
    }

    /// <summary>The state with the block online in the zone.</summary>
    public static State Bring(State state, Block block, ZoneKind zone)
    {
        state = state.With(block with { Online = true, Zone = zone, Stale = AutoOnline.Offline });

        // xen_online_page() puts every page into the balloon, backed before or not.
        return block.Driver == CallbackOwner.Xen && state.Find(BalloonDriver.Xen) is { } balloon
            ? state.With(balloon with { Pages = balloon.Pages + block.Range.Count }) with { Backed = state.Backed.Without(block.Range) }
            : state;
    }

    /// <summary>
    /// Judges that a block came online that its driver did not register: steps 4 and 5 of source document 004. The
    /// state with it, and null; or what is wrong.
    /// </summary>
    public static Violation? BringHidden(in Ruling ruling, ref State state, Block block)
    {
        if (Refusals.MustRefuse(ruling, online: true) is { } refusal)
            return refusal;
        state = Bring(state, block, ZoneChoice.For(state, ruling.Spec, block, AutoOnline.Online));
        return CheckFresh(ruling.Seen, block, PageFlags.Kernel);
    }

    /// <summary>
    /// Blocks that just were added, onlined in ascending order as the policy says; each success changes what the next
    /// one's zone is. Failure of one does not fail the add (I-45): it is permitted where somebody refuses.
    /// </summary>
    /// <param name="oneByOne">Each block is added when the one before is online, and its memmap may lie in that
    /// one.</param>
    public static Judgement AutoOnlineAll(in Ruling ruling, State next, IReadOnlyList<int> added, bool oneByOne, out State result)
    {
        result = next;
        if (next.AutoOnline == AutoOnline.Offline)
            return Judgement.Permitted(next);
        foreach (var number in added)
        {
            if (ruling.Seen.After.Find(number) is not { } shown || result.Find(number) is not { } block)
                continue;
            if (shown.IsOnline)
            {
                if (Refusals.Sticky(ruling, online: true) is var sticky && sticky != Errno.None)
                    return Ruling.Refute("online.refusal", $"block {number}", $"offline ({ErrnoText.Print(sticky)} from the injector)", "online", s_online);
                result = Bring(result, block, ZoneChoice.For(result, ruling.Spec, block, next.AutoOnline));
                if (CheckFresh(ruling.Seen, block, oneByOne && number != added[^1] ? PageFlags.Kernel : PageFlags.None) is { } stale)
                    return Judgement.Refuted(stale);
            }
            else if (Refusals.Sticky(ruling, online: true) == Errno.None && ruling.State.Veto.K == 0
                && result.PoisonedIn(block.Range) == 0 && !ruling.Seen.InFlight(number) && !Refusals.IsExhausted(ruling.Seen))
            {
                return Ruling.Refute("online.automatic", $"block {number}", $"online ({Words.Of(next.AutoOnline)})", "offline", s_online);
            }
        }

        return Judgement.Permitted(result);
    }

    // A block that came online holds nothing but free pages, its vmemmap, its owner's unplugged pages and poison (I-12)
    // – and, when blocks come online one after the other, the memmap of the next one. Its memmap began anew:
    // __init_single_page() leaves one reference, whoever had others before.
    private static Violation? CheckFresh(Transition seen, in Block block, PageFlags memmap)
    {
        if (!seen.After.Sees(Visibility.Placement) || seen.After.Find(block.Number) is not { } shown)
            return null;
        var kept = block.Owner < 0 || block.Driver != CallbackOwner.Generic ? PageFlags.Offline : PageFlags.None;
        foreach (ref readonly var run in shown.Pages.Runs)
            if (NotFresh(run.State, kept | memmap) is { } expected)
                return new("online.fresh-pages", $"block {block.Number}", expected, run.State.ToString(), s_fresh,
                    [new PageRange(block.Range.Start + run.Start, run.Count)]);
        return null;
    }

    private static string? NotFresh(PageState page, PageFlags kept)
    {
        if (page.HasAny(PageFlags.Vmemmap | PageFlags.NoPage) || (page.Has(PageFlags.Offline) && kept.HasFlag(PageFlags.Offline)))
            return null;
        if (page.Has(PageFlags.HwPoison))
            return !page.IsFree && page.References is (1 or PageState.Unknown) ? null : "poison with one reference";
        return page.IsFree || (page == Adding.Memmap && kept.HasFlag(PageFlags.Kernel)) ? null : "free pages";
    }
}
