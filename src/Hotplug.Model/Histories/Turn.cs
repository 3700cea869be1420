using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Schedules;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>One event of one operation that is to be judged, and the words for an answer.</summary>
internal readonly ref struct Turn(
    HistoryState state, RaceCall call, Occurrence occurrence, ReadOnlySpan<RaceCall> overlapping)
{
    /// <summary>What is so before it.</summary>
    public HistoryState State { get; } = state;

    /// <summary>The operation.</summary>
    public RaceCall Call { get; } = call;

    /// <summary>What happens.</summary>
    public Occurrence Occurrence { get; } = occurrence;

    /// <summary>Operations that may go on meanwhile.</summary>
    public ReadOnlySpan<RaceCall> Overlapping { get; } = overlapping;

    /// <summary>The structure before it.</summary>
    public State Structure => State.Structure;

    /// <summary>The machine.</summary>
    public MachineSpec Spec => State.Structure.Spec;

    /// <summary>The operation as it was given.</summary>
    public Operation Operation => Call.Operation;

    /// <summary>The pages of the event.</summary>
    public PageRange Pages => Occurrence.Pages;

    /// <summary>What it answered.</summary>
    public Answer Answer => Call.Outcome.Answer;

    /// <summary>True if it answered this errno.</summary>
    public bool Is(Errno errno) => Answer == Answer.Of(errno);

    /// <summary>The operation as far as it got.</summary>
    public Ongoing Ongoing => State.Find(Call.Invoked) ?? new Ongoing(Call.Invoked);

    /// <summary>It may come now; this is the state then.</summary>
    public static Judgement Permit(HistoryState next) => Judgement.Permitted(next);

    /// <summary>The operation is over, and this is the state then.</summary>
    public Judgement Ends(HistoryState next) => Judgement.Permitted(next.Without(Call.Invoked));

    /// <summary>Another answer was expected.</summary>
    public Judgement RefuteAnswer(string expected, Citation source) => Refute(
        OperationTable.Of(Operation.Kind).Word + ".answer", Subject, expected, Answer.ToString(), source);

    /// <summary>Only this errno is permitted.</summary>
    public Judgement Demand(Errno errno, string because, Citation source) =>
        Is(errno) ? Ends(State) : RefuteAnswer($"{ErrnoText.Print(errno)} ({because})", source);

    /// <summary>It may not come now.</summary>
    public static Judgement Refute(string rule, string subject, string expected, string observed, Citation source) =>
        Judgement.Refuted(new Violation(rule, subject, expected, observed, source));

    /// <summary>It may not come now, and these pages show why.</summary>
    public static Judgement Refute(
        string rule, string subject, string expected, string observed, Citation source, PageRange pages) =>
        Judgement.Refuted(new Violation(rule, subject, expected, observed, source, [pages]));

    /// <summary>Who does it, in words.</summary>
    public string Subject => $"cpu{Call.Cpu} {Operation}";

    /// <summary>True if an operation of this kind may go on meanwhile.</summary>
    public bool Overlaps(OperationKind kind)
    {
        foreach (var other in Overlapping)
            if (other.Operation.Kind == kind)
                return true;
        return false;
    }

    /// <summary>Pages that operations which may go on meanwhile take, and may have taken by now or not.</summary>
    public long TakenByOthers
    {
        get
        {
            long pages = 0;
            foreach (var other in Overlapping)
            {
                if (other.Operation.Kind == OperationKind.Alloc && !other.Outcome.Answer.IsOk)
                    pages += other.Operation.Amount + (1L << other.Operation.Order) - 1;
                foreach (var witness in other.Outcome.Witness)
                    if (witness.Role is WitnessRole.Taken or WitnessRole.Migrated)
                        pages += witness.Range.Count;
                pages += TakenUnseen(other);
            }

            return pages;
        }
    }

    // Memmap, loans and list pages; CMM holds a page or two that it gives back, and a driver the sub-blocks that it
    // tries to empty.
    private long TakenUnseen(RaceCall other)
    {
        long pages = other.Operation.Kind == OperationKind.Tick && Structure.Loans is not null ? 2 : 0;
        if (other.Operation.Kind is OperationKind.Unplug or OperationKind.Resize or OperationKind.Plug
            && other.Operation.Subject.Id <= Spec.DeviceMemories.Length)
            pages += Spec.RegionOf(other.Operation.Subject.Id).Count;
        foreach (var effect in other.Outcome.Effects)
            pages += effect.Kind switch
            {
                EffectKind.VmemmapPopulated => Spec.VmemmapPagesPerSection + (1L << Spec.MemmapOrder),
                EffectKind.PagesLoaned or EffectKind.LoanListAdded => effect.Range.Count,
                EffectKind.PagesKeptOffline => effect.Range.Count,
                _ => 0,
            };
        return pages;
    }
}
