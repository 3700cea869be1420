using System.Numerics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Benchmarks.Toy;

/// <summary>
/// The flat model as a specification. It builds every next state in place of the one it was given, as
/// <see cref="ISpecification"/> allows; one instance judges one run at a time.
/// </summary>
public sealed class ToySpecification : ISpecification
{
    /// <summary>Rule of a wrong result.</summary>
    public const string ResultRule = "toy.result";

    /// <summary>Rule of a wrong page or block.</summary>
    public const string PagesRule = "toy.pages";

    private static readonly Citation s_source = new("2026", "toy", "8 blocks of 64 pages");

    private readonly FlatModel _state = new();

    /// <inheritdoc/>
    public Judgement Begin(Transition start)
    {
        _state.Reset();
        return start.After.Blocks.IsEmpty
            ? Judgement.Permitted(_state)
            : Judgement.Refuted(new Violation(PagesRule, "the start", "no blocks",
                $"{start.After.Blocks.Length}", s_source));
    }

    /// <inheritdoc/>
    public Judgement Judge(object state, Transition seen)
    {
        var model = (FlatModel)state;
        var expected = model.Do(ToyOperations.StepOf(seen.Operation));
        var observed = ResultOf(seen.Operation.Kind, seen.Outcome);
        if (expected != observed)
            return Judgement.Refuted(new Violation(ResultRule, "the result", $"{expected}", $"{observed}", s_source));
        var wrong = FirstWrong(model, seen);
        return wrong < 0
            ? Judgement.Permitted(model)
            : Judgement.Refuted(new Violation(PagesRule, $"block {wrong}", "the model's pages", "others", s_source));
    }

    /// <inheritdoc/>
    public object Retain(object state) => ((FlatModel)state).Copy();

    /// <inheritdoc/>
    public void Describe(object state, Menu menu)
    {
        // The toy's sequences are uniform: they look at nothing.
    }

    // A page for alloc and free, a number of pages for the balloon.
    private static int ResultOf(OperationKind kind, Outcome outcome)
    {
        if (!outcome.Answer.IsOk)
            return ToyMemory.Refused;
        var witness = outcome.Witness;
        if (witness.IsEmpty)
            return 0;
        return (int)(kind is OperationKind.Inflate or OperationKind.Deflate ? witness[0].Range.Count
            : witness[0].Range.Start);
    }

    // Blocks that neither the machine nor the model changed were compared before and are the same.
    private static int FirstWrong(FlatModel model, Transition seen)
    {
        var changed = 0;
        foreach (ref readonly var change in seen.Changed)
        {
            changed |= 1 << change.Block;
            if (!Same(model, change.Block, change.After))
                return change.Block;
        }

        for (var left = model.Touched & ~changed; left != 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            if (!Same(model, block, seen.After.Find(block)))
                return block;
        }

        return -1;
    }

    private static bool Same(FlatModel model, int block, BlockObservation? seen)
    {
        if (seen is null)
            return (model.Present >> block & 1) == 0;
        if ((model.Present >> block & 1) == 0 || seen.IsOnline != ((model.Online >> block & 1) != 0))
            return false;
        var (allocated, inflated) = MasksOf(seen.Pages);
        return allocated == model.Mask(block, FlatModel.AllocatedPage)
            && inflated == model.Mask(block, FlatModel.InflatedPage);
    }

    private static (ulong Allocated, ulong Inflated) MasksOf(PageRuns pages)
    {
        ulong allocated = 0, inflated = 0;
        foreach (ref readonly var run in pages.Runs)
        {
            var mask = ulong.MaxValue >> (ToyMemory.PagesPerBlock - run.Count) << run.Start;
            allocated |= run.State.Has(PageFlags.InUse) ? mask : 0;
            inflated |= run.State.Has(PageFlags.Offline) ? mask : 0;
        }

        return (allocated, inflated);
    }
}
