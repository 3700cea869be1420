using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Properties.Lies;

/// <summary>
/// Judges as another specification does, and tells that one lies about every operation first: another answer, a witness
/// that is missing or moved, a refusal with nothing done, a false thing seen. What believes one of them is refuted itself.
/// </summary>
/// <param name="inner">Judges.</param>
/// <param name="thorough">Every errno and every false thing is told after every operation, not each in its turn.</param>
public sealed class Doubter(ISpecification inner, bool thorough = false) : ISpecification
{
    /// <summary>The rule that a believed lie breaks.</summary>
    public const string Rule = "lie.refuted";

    private static readonly Citation s_source = new("v6.12", "mm/memory_hotplug.c", "offline_pages");

    // What only the invariants judge is not asked: whom the chain calls, what memmap costs, what is isolated at rest.
    private static readonly Lie[] s_sights =
    [
        Lie.FlipsBlockState, Lie.HidesBlock, Lie.InventsBlock, Lie.SwapsBlockZone, Lie.SwapsBlockNode, Lie.AddsPresentPage,
        Lie.AddsManagedPage, Lie.LengthensSpan, Lie.ShiftsSpan, Lie.AddsFreePage, Lie.HidesZone, Lie.FreesOfflinePages,
        Lie.ReferencesOfflinePages, Lie.TakesFreePages, Lie.FreesUsedPages, Lie.PoisonsPage, Lie.PlugsSubBlock,
        Lie.InflatesBalloon, Lie.CountsPoison, Lie.FlipsNodeMemory, Lie.HidesResource, Lie.HidesDevice,
        Lie.SwapsValidZones, Lie.FlipsNodeOnline, Lie.ListsPage, Lie.RaisesListLimit, Lie.LoansPage, Lie.WantsLoan,
        Lie.LoansListPage, Lie.LoansFreePage, Lie.ListsLoansInFreePage, Lie.FreesLoanedPage, Lie.FlipsCallback,
        Lie.SwapsOwner, Lie.DropsReference, Lie.ShortensBlock, Lie.LosesPage, Lie.CountsBelowZero,
        Lie.ReferencesVmemmap, Lie.UsesUnbackedPage, Lie.LengthensDevice, Lie.HidesLoans, Lie.ShiftsChange,
    ];

    // In how many places each false thing is told.
    private const int Places = 3;

    private static readonly Errno[] s_errnos = [.. Enum.GetValues<Errno>().Except([Errno.None, Errno.EBUSY])];
    private static readonly Answer[] s_refusals =
        [Answer.Of(Errno.EBUSY), .. s_errnos.Select(static errno => Answer.Of(errno)), Answer.Unfinished];
    private static readonly Answer[] s_answers = [Answer.Ok, .. s_refusals];

    private readonly Transition _told = new();
    private readonly Outcome _outcome = new();
    private readonly FalseObservation _false = new();
    private readonly Observation _observation = new();
    private bool _isVetoed;
    private int _asked;

    public Judgement Begin(Transition start)
    {
        _told.Start(start.Spec, start.Levels, start.Steps, start.After);
        _isVetoed = false;
        return inner.Begin(start);
    }

    public Judgement Judge(object state, Transition seen)
    {
        var truth = inner.Judge(state, seen);
        _asked++;
        var wasVetoed = _isVetoed;
        if (seen.Operation.Kind is not (OperationKind.Tick or OperationKind.Policy))
            _isVetoed = seen.Operation.Kind == OperationKind.Veto;
        if (truth.IsPermitted && !wasVetoed && seen.Answer.IsOk && WrongReason(state, seen) is { } wrong)
            return Judgement.Refuted(new Violation(Rule, seen.Operation.ToString(), "refuted by the rule that says so", wrong, s_source));
        return truth.IsPermitted && seen.Answer.Completion == Completion.Finished
            && ((wasVetoed ? null : BelievedRefusal(state, seen)) ?? Believed(state, seen) ?? BelievedSight(state, seen)) is { } lie
            ? Judgement.Refuted(new Violation(Rule, seen.Operation.ToString(), "refuted", lie, s_source))
            : truth;
    }

    // One false observation for every operation: each in its turn. Of what is still worked on nobody knows more than
    // what is seen.
    private string? BelievedSight(object state, Transition seen)
    {
        if (seen.AnythingInFlight)
            return null;
        if (!thorough)
            return BelievedSight(state, seen, s_sights[_asked % s_sights.Length], _asked / s_sights.Length);
        foreach (var lie in s_sights)
            for (var which = 0; which < Places; which++)
                if (BelievedSight(state, seen, lie, which) is { } told)
                    return told;
        return null;
    }

    private string? BelievedSight(object state, Transition seen, Lie lie, int which)
    {
        if (lie == Lie.TakesFreePages && MovesMemmap(seen.Operation.Kind))
            return null;
        _observation.CopyFrom(seen.After);
        if (_false.Write(lie, seen.Spec, seen.Operation.Kind, which, seen.Before, seen.After, _observation) is not { } told)
            return null;
        _told.Next(seen.Index, seen.Before, seen.Operation, seen.Target, seen.Outcome, _observation);
        return inner.Judge(state, _told).IsPermitted ? told : null;
    }

    public object Retain(object state) => inner.Retain(state);

    public void Describe(object state, Menu menu) => inner.Describe(state, menu);

    // Whatever errno was armed before may be answered.
    private string? BelievedRefusal(object state, Transition seen)
    {
        if (!seen.Answer.IsOk)
            return null;
        ReadOnlySpan<Answer> refusals = thorough ? s_refusals
            : [Answer.Of(Errno.EBUSY), Answer.Of(s_errnos[_asked % s_errnos.Length]), Answer.Unfinished];
        foreach (var refusal in refusals)
            if (!MayRefuse(seen, refusal) && RuleAgainst(state, seen, refusal) is null)
                return $"'{refusal}' and nothing done, for 'ok'";
        return null;
    }

    private string? Believed(object state, Transition seen)
    {
        ReadOnlySpan<Answer> answers = thorough ? s_answers
            : [Answer.Ok, Answer.Of(Errno.EBUSY), Answer.Of(Errno.ETXTBSY), Answer.Unfinished];
        foreach (var answer in answers)
            if (IsLie(seen, answer) && Believes(state, seen, answer))
                return $"'{answer}' for '{seen.Answer}'";
        if (thorough && BelievedChunk(state, seen) is { } chunk)
            return chunk;
        if (!IsReliedOn(seen))
            return null;
        if (Believes(state, seen, seen.Answer, keeps: false))
            return $"without its witnesses: {string.Join(", ", seen.Outcome.Witness.ToArray())}";
        if (seen.Outcome.Witness.Length > 1 && seen.Outcome.Witness[0].Role == WitnessRole.Migrated)
            return null;   // Of pages that look alike nobody can say which went where.
        if (seen.Outcome.Witness[0] is { Role: WitnessRole.Plugged or WitnessRole.Unplugged, Range: var plugged }
            && seen.Spec.BlockOf(plugged.Start) is var block && block == seen.Spec.BlockOf(plugged.End)
            && seen.Spec.DeviceMemories[seen.Operation.Subject.Id - 1].SubBlockPages == 1
            && seen.After.Find(block) is not { IsOnline: true })
            return null;   // Nor which pages of a block that is offline were plugged.
        return Believes(state, seen, seen.Answer, shift: 1) ? "its first witness a page off" : null;
    }

    // A chunk that is given to the buddy and is no chunk: of no order, not aligned to its own size, too large.
    private string? BelievedChunk(object state, Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
            if (effects[i].Kind == EffectKind.PagesToBuddy && effects[i].Value == (long)CallbackOwner.Generic
                && seen.Spec.DeviceMemoryOf(seen.Spec.BlockOf(effects[i].Range.Start)) == 0
                && NoChunkFrom(effects[i].Range.Start, 1 << seen.Spec.MaxOrder) is { } lie
                && Believes(state, seen, seen.Answer, step: i, told: effects[i] with { Range = lie }))
                return $"a chunk {lie} for the buddy, of order {seen.Spec.MaxOrder} at most";
        return null;
    }

    // Each wrong in one way only; null where the page begins none.
    private static PageRange? NoChunkFrom(long page, int most)
    {
        if (most > 3 && page % 3 == 0)
            return new PageRange(page, 3);
        if (most > 1 && page % 2 != 0)
            return new PageRange(page, 2);
        return page % (2 * most) == 0 ? new PageRange(page, 2 * most) : null;
    }

    // Device memory grows without asking who is busy, and shrinks without needing room; there is always room for one
    // more where every block of its own is online: virtio_mem_config_changed(), drivers/virtio/virtio_mem.c.
    private string? WrongReason(object state, Transition seen)
    {
        if (seen.Operation.Kind is not (OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize)
            || seen.Before.Device(seen.Operation.Subject) is not { InFlight: false } before
            || seen.After.Device(seen.Operation.Subject) is not { InFlight: false } after
            || before.PluggedPages == after.PluggedPages)
            return null;
        var grows = after.PluggedPages > before.PluggedPages;
        ReadOnlySpan<Errno> wrong = !grows ? [Errno.ENOSPC, Errno.ENOMEM]
            : IsOfflineAnywhere(seen) ? [Errno.EBUSY] : [Errno.EBUSY, Errno.ENOSPC];
        var answer = $"{OperationTable.Of(seen.Operation.Kind).Word}.answer";
        foreach (var errno in wrong)
            if (RuleAgainst(state, seen, Answer.Of(errno)) is var rule && rule != answer)
                return $"'{ErrnoText.Print(errno)}' and nothing done, for 'ok': {rule ?? "believed"}";
        return RuleAgainst(state, seen, Answer.Ok) is var named && named != "device-memory.converges"
            ? $"'ok' and nothing done: {named ?? "believed"}" : null;
    }

    private string? RuleAgainst(object state, Transition seen, Answer answer)
    {
        _outcome.Clear();
        _outcome.Answer = answer;
        _told.Next(seen.Index, seen.Before, seen.Operation, seen.Target, _outcome, seen.Before);
        return inner.Judge(state, _told).Refutation?.Rule;
    }

    private static bool IsOfflineAnywhere(Transition seen)
    {
        foreach (var block in seen.Before.Blocks)
            if (!block.IsOnline && seen.Spec.DeviceMemoryOf(block.Block) == seen.Operation.Subject.Id)
                return true;
        return false;
    }

    // How many blocks come and go inside of these, and with them their memmap, is not told: one page more or less of it
    // is for the invariants to count.
    private static bool MovesMemmap(OperationKind kind) => kind is OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize
        or OperationKind.Remove or OperationKind.OfflineRemove or OperationKind.Eject or OperationKind.Deflate;

    // A policy may be read-only on one machine and not on another. Whoever was refused may be so for more than one
    // reason.
    private static bool IsLie(Transition seen, Answer answer) => answer != seen.Answer
        && (answer.IsOk ? seen.Operation.Kind != OperationKind.Policy
            : seen.Answer.IsOk || answer == Answer.Of(Errno.ETXTBSY));

    // What somebody unseen may hold at any moment; memory that a driver wants for itself; pages that may never move, or
    // wait on the list of another CPU; a list page of CMM that cannot be replaced.
    private static bool MayRefuse(Transition seen, Answer answer) => seen.Operation.Kind switch
    {
        OperationKind.Alloc => answer == Answer.Of(Errno.ENOMEM) && IsAnyListed(seen),
        OperationKind.Plug or OperationKind.Resize => answer == Answer.Of(Errno.EBUSY) || answer == Answer.Of(Errno.ENOMEM)
            || answer == Answer.Of(Errno.ENOSPC),
        OperationKind.Add => answer == Answer.Of(Errno.EBUSY) || answer == Answer.Of(Errno.ENOMEM),
        OperationKind.SoftOffline => answer == Answer.Of(Errno.EBUSY) || answer == Answer.Of(Errno.EIO),
        OperationKind.Unplug or OperationKind.Unpoison =>
            answer == Answer.Of(Errno.EBUSY),
        OperationKind.Eject => answer == Answer.Of(Errno.EBUSY) || answer == Answer.Unfinished,
        OperationKind.OfflineRemove => answer == Answer.Unfinished || (answer == Answer.Of(Errno.ENOMEM) && seen.Spec.HasHotplugAwareCmm),
        OperationKind.Offline or OperationKind.WriteOnline or OperationKind.WriteState =>
            (answer == Answer.Unfinished && !CanLeave(seen)) || (answer == Answer.Of(Errno.ENOMEM) && seen.Spec.HasHotplugAwareCmm),
        _ => false,
    };

    // Nothing of the block can have kept it for ever: what it holds is free or can move, and there is room for that.
    private static bool CanLeave(Transition seen)
    {
        if (seen.Spec.HasPcplists || seen.Spec.HasCmm
            || seen.Before.Find(seen.Spec.BlockOf(seen.Target.Range.Start)) is not { IsOnline: true } block)
            return false;
        long used = 0, room = -block.Pages.Buddy;
        foreach (ref readonly var run in block.Pages.Runs)
            if (run.State.Has(PageFlags.InUse | PageFlags.Movable) && run.State is { References: 1 }
                && !run.State.HasAny(PageFlags.Unmigratable | PageFlags.HwPoison | PageFlags.Offline))
                used += run.Count;
            else if (!run.State.HasAny(PageFlags.Buddy | PageFlags.Vmemmap | PageFlags.NoPage))
                return false;
        foreach (ref readonly var zone in seen.Before.Zones)
            if (block.Zone == ZoneKind.Movable || zone.Id.IsKernel)
                room += zone.Free;
        return room >= used;
    }

    private static bool IsAnyListed(Transition seen)
    {
        foreach (var block in seen.Before.Blocks)
            foreach (ref readonly var run in block.Pages.Runs)
                if (run.State.Has(PageFlags.Pcplist))
                    return true;
        return false;
    }

    // A culprit, or the pages that a free gave back, can be seen anyway: nobody has to believe them. Nor that pages moved
    // in a circle, which left everything looking as it did.
    private static bool IsReliedOn(Transition seen) => !seen.Outcome.Witness.IsEmpty && seen.Outcome.Witness[0] is var first
        && first.Role is not (WitnessRole.Culprit or WitnessRole.Released)
        && (first.Role != WitnessRole.Migrated || HasChanged(seen, first.Range));

    private static bool HasChanged(Transition seen, PageRange range)
    {
        for (var pfn = range.Start; pfn < range.End; pfn++)
            if (seen.PageBefore(pfn) != seen.PageAfter(pfn))
                return true;
        return false;
    }

    // With this answer, the first witness so many pages off or no witness at all, and another step told for one of them.
    private bool Believes(
        object state, Transition seen, Answer answer, int shift = 0, bool keeps = true, int step = -1, Effect told = default)
    {
        _outcome.Clear();
        _outcome.Answer = answer;
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
            _outcome.Add(i == step ? told : effects[i]);
        if (keeps)
            foreach (ref readonly var witness in seen.Outcome.Witness)
            {
                _outcome.Add(witness with { Range = witness.Range with { Start = witness.Range.Start + shift } });
                shift = 0;
            }

        _told.Next(seen.Index, seen.Before, seen.Operation, seen.Target, _outcome, seen.After);
        return inner.Judge(state, _told).IsPermitted;
    }
}
