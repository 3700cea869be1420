using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Model.Histories;

/// <summary>
/// Reads the events of an operation from its outcome: the pages that it witnessed, one by one, because others may come
/// between any two; and of long operations what isolated, took offline, brought online, loaned.
/// </summary>
internal static class Reading
{
    private static readonly Occurrence s_all = new(Happens.All);
    private static readonly Occurrence s_begin = new(Happens.Begin);
    private static readonly Occurrence s_end = new(Happens.End);

    /// <summary>The events, in order.</summary>
    public static ImmutableArray<object> EventsOf(RaceCall call)
    {
        var events = ImmutableArray.CreateBuilder<object>();
        Read(call, events);
        if (events.Count == 0)
            events.Add(s_all);
        else if (call.Returned >= 0 && !ReferenceEquals(events[^1], s_all))
            events.Add(s_end);
        return events.ToImmutable();
    }

    private static void Read(RaceCall call, ImmutableArray<object>.Builder events)
    {
        var outcome = call.Outcome;
        switch (call.Operation.Kind)
        {
            case OperationKind.Alloc:
                AddWitnesses(events, outcome, 1 << call.Operation.Order);
                break;
            case OperationKind.Free or OperationKind.ContigFree when outcome.Answer.IsOk:
            case OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget:
                events.Add(s_begin);
                AddWitnesses(events, outcome, 1);
                break;
            case OperationKind.Put when !outcome.Witness.IsEmpty:
                events.Add(new Occurrence(Happens.Drop, outcome.Witness[0].Range));
                events.Add(new Occurrence(Happens.Release, outcome.Witness[0].Range));
                break;
            case OperationKind.Oom:
                AddWitnesses(events, outcome, 1);
                AddEffects(events, outcome);
                break;
            case OperationKind.Add or OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable
                or OperationKind.WriteOnline when outcome.Answer.IsOk:
                AddEffects(events, outcome);
                if (events.Count > 0 && events[0] is Occurrence { What: Happens.Create or Happens.Online })
                    events.Insert(0, s_begin);
                break;
            case OperationKind.Offline or OperationKind.WriteOnline or OperationKind.OfflineRemove or OperationKind.Eject
                or OperationKind.Tick or OperationKind.Contig:
                AddEffects(events, outcome);
                break;
            case OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize:
                events.Add(s_begin);
                AddResizing(events, outcome);
                break;
            case OperationKind.SoftOffline:
                AddMigrations(events, outcome);
                break;
        }
    }

    private static void AddWitnesses(ImmutableArray<object>.Builder events, OutcomeRecord outcome, int unit)
    {
        foreach (var witness in outcome.Witness)
            if (witness.Role is WitnessRole.Taken or WitnessRole.Released)
                AddEach(events, witness.Role == WitnessRole.Taken ? Happens.Take : Happens.Release, witness.Range,
                    unit);
    }

    private static void AddMigrations(ImmutableArray<object>.Builder events, OutcomeRecord outcome)
    {
        foreach (var witness in outcome.Witness)
            if (witness.Role == WitnessRole.Migrated)
                AddMigration(events, witness.Range, witness.From);
    }

    // What others may notice, in the order logged; accounting and notifications are not among it.
    private static void AddEffects(ImmutableArray<object>.Builder events, OutcomeRecord outcome)
    {
        var isolates = false;
        foreach (var effect in outcome.Effects)
            AddEffect(events, effect, ref isolates);
    }

    // What is plugged and unplugged is told apart from what happens to blocks and pages: each belongs after the block
    // was created that it is in, and where its pages go to the buddy or are kept from it.
    private static void AddResizing(ImmutableArray<object>.Builder events, OutcomeRecord outcome)
    {
        var (told, isolates, onlines) = (0, false, false);
        foreach (var effect in outcome.Effects)
        {
            if (effect.Kind is EffectKind.MovedToZone or EffectKind.SectionsOnline or EffectKind.RemovedFromZone)
                onlines = effect.Kind == EffectKind.MovedToZone;
            if (effect.Kind == EffectKind.BlockDestroyed || (effect.Kind == EffectKind.Isolated && !isolates))
                AddTold(events, outcome, ref told, outcome.Witness.Length);
            AddEffect(events, effect, ref isolates);
            var range = effect.Range;
            if (effect.Kind == EffectKind.BlockCreated)
                AddTold(events, outcome, ref told, AfterFirst(outcome, told, w => range.Contains(w.Range)));
            else if (!onlines && effect.Kind is EffectKind.PagesToBuddy or EffectKind.PagesKeptOffline)
                AddTold(events, outcome, ref told, AfterFirst(outcome, told, w => w.Range == range));
        }

        AddTold(events, outcome, ref told, outcome.Witness.Length);
    }

    private static void AddTold(ImmutableArray<object>.Builder events, OutcomeRecord outcome, ref int told, int end)
    {
        for (; told < end; told++)
            if (IsResized(outcome.Witness[told]))
                events.Add(new Occurrence(outcome.Witness[told].Role == WitnessRole.Plugged ? Happens.Plug
                    : Happens.Unplug,
                    outcome.Witness[told].Range));
    }

    // Just after the first that is meant; where nothing is, nothing follows.
    private static int AfterFirst(OutcomeRecord outcome, int told, Func<Witness, bool> isMeant)
    {
        for (var i = told; i < outcome.Witness.Length; i++)
            if (IsResized(outcome.Witness[i]) && isMeant(outcome.Witness[i]))
                return i + 1;
        return told;
    }

    private static bool IsResized(Witness witness) => witness.Role is WitnessRole.Plugged or WitnessRole.Unplugged;

    private static void AddEffect(ImmutableArray<object>.Builder events, in Effect effect, ref bool isolates)
    {
        switch (effect.Kind)
        {
            case EffectKind.Isolated:
                isolates = true;
                events.Add(new Occurrence(Happens.Isolate, effect.Range));
                break;

            // The same step ends an onlining, which never had isolated anything that was in use.
            case EffectKind.Unisolated when isolates:
                isolates = false;
                events.Add(new Occurrence(Happens.Unisolate, effect.Range));
                break;
            case EffectKind.Migrated:
                AddMigration(events, effect.Range, effect.Value);
                break;
            case EffectKind.SectionsOffline:
                isolates = false;
                events.Add(new Occurrence(Happens.Offline, effect.Range));
                break;
            case EffectKind.SectionsOnline:
                events.Add(new Occurrence(Happens.Online, effect.Range, Zone: effect.Zone.Kind));
                break;
            case EffectKind.BlockCreated:
                events.Add(new Occurrence(Happens.Create, effect.Range));
                break;
            case EffectKind.BlockDestroyed:
                events.Add(new Occurrence(Happens.Destroy, effect.Range));
                break;
            default:
                AddLoaning(events, effect);
                break;
        }
    }

    private static void AddLoaning(ImmutableArray<object>.Builder events, in Effect effect)
    {
        switch (effect.Kind)
        {
            case EffectKind.LoaningHalted:
                events.Add(new Occurrence(Happens.Halt, effect.Range));
                break;
            case EffectKind.LoaningResumed:
                events.Add(new Occurrence(Happens.Resume, effect.Range));
                break;
            case EffectKind.PagesLoaned:
                AddEach(events, Happens.Loan, effect.Range, 1);
                break;
            case EffectKind.PagesActive:
                AddEach(events, Happens.Activate, effect.Range, 1);
                break;
            case EffectKind.LoanListAdded:
                events.Add(new Occurrence(Happens.AddList, effect.Range));
                break;
            case EffectKind.LoanListFreed:
                events.Add(new Occurrence(Happens.FreeList, effect.Range));
                break;
        }
    }

    private static void AddMigration(ImmutableArray<object>.Builder events, PageRange to, long from)
    {
        for (var i = 0L; i < to.Count; i++)
            events.Add(new Occurrence(Happens.Migrate, new PageRange(to.Start + i, 1), from + i));
    }

    private static void AddEach(ImmutableArray<object>.Builder events, Happens what, PageRange range, int unit)
    {
        for (var pfn = range.Start; pfn < range.End; pfn += unit)
            events.Add(new Occurrence(what, new PageRange(pfn, Math.Min(unit, range.End - pfn))));
    }
}
