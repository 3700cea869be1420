using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model;

/// <summary>One judgement in the making: the state, what was seen, and the words for an answer.</summary>
internal readonly ref struct Ruling(State state, Transition seen)
{
    /// <summary>The state before.</summary>
    public State State { get; } = state;

    /// <summary>What was seen.</summary>
    public Transition Seen { get; } = seen;

    /// <summary>The machine.</summary>
    public MachineSpec Spec => Seen.Spec;

    /// <summary>What it answered.</summary>
    public Answer Answer => Seen.Outcome.Answer;

    /// <summary>The answer is success.</summary>
    public bool IsOk => Answer.IsOk;

    /// <summary>The answer is this errno.</summary>
    public bool Is(Errno errno) => Answer == Answer.Of(errno);

    /// <summary>Permitted, if everything that can be seen agrees with <paramref name="next"/>.</summary>
    public Judgement Permit(State next, PageRule pages) => Checks.Settlement.Judge(State, next, Seen, pages);

    /// <summary>Permitted, if nothing changed.</summary>
    public Judgement PermitUnchanged() => Permit(State, PageRule.Nothing);

    /// <summary>Refuted: another answer was expected.</summary>
    public Judgement RefuteAnswer(string expected, Citation source) =>
        Refute(OperationTable.Of(Seen.Operation.Kind).Word + ".answer",
            Seen.Operation.ToString(), expected, Answer.ToString(), source);

    /// <summary>Refuted, if the page can be seen and its reference count is what it was; null otherwise. The
    /// last that a poisoned page has is the poison's own.</summary>
    public Violation? MustCount(long pfn, string expected, Citation source)
    {
        var before = Seen.PageBefore(pfn);
        return Seen.PageAfter(pfn) == before && before.References != PageState.Unknown
            && !(before.Has(PageFlags.HwPoison) && before.References == 1 && Seen.Operation.Kind == OperationKind.Put)
            ? new Violation(OperationTable.Of(Seen.Operation.Kind).Word + ".counts", $"page {pfn}", expected,
                before.ToString(), source, [new PageRange(pfn, 1)])
            : null;
    }

    /// <summary>Only this errno with nothing changed is permitted.</summary>
    public Judgement Demand(Errno errno, string because, Citation source) =>
        Is(errno) ? PermitUnchanged() : RefuteAnswer($"{ErrnoText.Print(errno)} ({because})", source);

    /// <summary>Refuted.</summary>
    public static Judgement Refute(string rule, string subject, string expected, string observed, Citation source) =>
        Judgement.Refuted(new Violation(rule, subject, expected, observed, source));

    /// <summary>Refuted, with the pages that show it.</summary>
    public static Judgement Refute(string rule, string subject, string expected, string observed, Citation source, PageRange pages) =>
        Judgement.Refuted(new Violation(rule, subject, expected, observed, source, [pages]));
}

/// <summary>
/// What an operation may do to pages: asked for every run of pages that differs, where the machine shows every page
/// (<see cref="Contract.Observations.Visibility.Placement"/>). A page that became a free chunk of another order did not
/// change; nor did a free page that went to a per-CPU list or came from one, where there are such.
/// </summary>
/// <param name="Explains">True if the operation explains the change of the run.</param>
internal sealed record PageRule(PageExplanation Explains)
{
    /// <summary>No page changes.</summary>
    public static PageRule Nothing { get; } = new(static (_, _, _) => false);
}

/// <summary>True if the operation explains that these pages changed in this way.</summary>
internal delegate bool PageExplanation(PageRange pages, Contract.Observations.PageState before, Contract.Observations.PageState after);
