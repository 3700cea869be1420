using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>
/// The reference model of operations that overlap, page by page: a function from what each operation witnessed to what
/// must be so now, without anything seen in between. Structure follows the sequential model; here stand the pages, what
/// is isolated, who holds which lock, and which refusals another operation excuses.
/// </summary>
public sealed class HistoryModel : IHistorySpecification
{
    /// <inheritdoc/>
    public object Begin(MachineSpec spec, Levels levels, object sequentialState, Observation atRest) =>
        new HistoryState(Freeing.ForgetFreed((State)sequentialState), PageMap.Seen((State)sequentialState, atRest));

    /// <inheritdoc/>
    public ImmutableArray<object> EventsOf(RaceCall call) => Reading.EventsOf(call);

    /// <inheritdoc/>
    public Judgement Judge(object state, RaceCall call, object occurrence, ReadOnlySpan<RaceCall> overlapping)
    {
        var judgement = Judge(new Turn((HistoryState)state, call, (Occurrence)occurrence, overlapping));
        return judgement.Next is HistoryState next ? Judgement.Permitted(Hindrances.Watch(next)) : judgement;
    }

    /// <inheritdoc/>
    public Violation? CheckRest(object state, Observation atRest) => Rest.Check((HistoryState)state, atRest);

    private static Judgement Judge(in Turn turn) => turn.Occurrence.What switch
    {
        Happens.Take => Taking.Take(turn),
        Happens.Drop => Freeing.Drop(turn),
        Happens.Release => Taking.Release(turn),
        Happens.Migrate => Moving.Migrate(turn),
        Happens.Isolate => Emptying.Isolate(turn),
        Happens.Unisolate => Emptying.Unisolate(turn),
        Happens.Offline => Emptying.Offline(turn),
        Happens.Online => Bringing.Online(turn),
        Happens.Loan or Happens.AddList => Loaning.Loan(turn),
        Happens.Activate or Happens.FreeList => Loaning.Return(turn),
        Happens.Halt => Loaning.Halt(turn),
        Happens.Resume => Loaning.Resume(turn),
        Happens.Begin => JudgeBegin(turn),
        Happens.Create or Happens.Destroy => Resizing.Reshape(turn),
        Happens.Plug => Resizing.Plug(turn),
        Happens.Unplug => Resizing.Unplug(turn),
        _ => JudgeEnd(turn),
    };

    private static Judgement JudgeBegin(in Turn turn) => turn.Operation.Kind switch
    {
        OperationKind.Free or OperationKind.ContigFree => Freeing.Begin(turn),
        OperationKind.Add => Populating.BeginAdd(turn),
        OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize => Resizing.Begin(turn),
        OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable or OperationKind.WriteOnline => Bringing.Begin(turn),
        _ => Turn.Permit(turn.State.With(turn.Ongoing)),
    };

    private static Judgement JudgeEnd(in Turn turn)
    {
        if (turn.Answer.Completion is Completion.Unbound or Completion.Rejected)
            return turn.Ends(turn.State);
        switch (turn.Operation.Kind)
        {
            case OperationKind.Alloc:
                return Allocated.End(turn);
            case OperationKind.Free or OperationKind.ContigFree:
                return Freeing.End(turn);
            case OperationKind.Get when turn.Operation.Subject.Kind == NameKind.Allocation:
                return Freeing.Get(turn);
            case OperationKind.Put when turn.Occurrence.What == Happens.End:
                return turn.Answer.IsOk ? turn.Ends(turn.State)
                    : turn.RefuteAnswer("ok, as it freed the page", Allocated.Source);
            case OperationKind.Put when turn.Operation.Subject.Kind == NameKind.Allocation:
                return Freeing.Put(turn);
            case OperationKind.Get or OperationKind.Put:
                return Unplugged.CountReference(turn);
            case OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget:
                return Ballooning.End(turn);
            case OperationKind.Oom:
                return Loaning.EndOom(turn);
            case OperationKind.Tick:
                return Loaning.EndTick(turn);
            case OperationKind.Contig:
                return Emptying.EndContig(turn);
            case OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable:
            case OperationKind.WriteOnline when turn.Operation.Amount == 1:
                return Bringing.End(turn);
            case OperationKind.Offline or OperationKind.WriteOnline:
                return Emptying.EndOffline(turn);
            case OperationKind.Add:
                return Populating.EndAdd(turn);
            case OperationKind.Remove:
                return Populating.Remove(turn);
            case OperationKind.Eject or OperationKind.OfflineRemove:
                return Populating.EndRemoval(turn);
            case OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize:
                return Resizing.End(turn);
            case OperationKind.Poison or OperationKind.HardOffline or OperationKind.SoftOffline or OperationKind.Unpoison:
                return Failing.End(turn);
            default:
                return Settings.End(turn);
        }
    }
}
