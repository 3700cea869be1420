using FsCheck;
using FsCheck.Fluent;
using Hotplug.Engine.Run;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy as somebody writes it with FsCheck alone: sequences as arrays, a property that runs them.</summary>
internal static class FsCheckPeer
{
    private static readonly Arbitrary<ToyStep[]> s_steps = Sequences();

    /// <summary>
    /// Runs so many sequences; the body says whether one conforms. Answers the counterexample, or null.
    /// </summary>
    internal static ToyStep[]? Check(Func<ToyStep[], bool> body, int sequences, ulong seed)
    {
        var runner = new Capture();
        global::FsCheck.Check.One(
            Config.Default.WithMaxTest(sequences).WithRunner(runner).WithQuietOnSuccess(true)
                .WithReplay(FSharpOption<global::FsCheck.Replay>.Some(new global::FsCheck.Replay(
                    new Rnd(seed, (seed * 2) + 1), FSharpOption<int>.None))),
            Prop.ForAll(s_steps, body));
        return runner.Counterexample;
    }

    private static Arbitrary<ToyStep[]> Sequences()
    {
        var step = Gen.OneOf(Enum.GetValues<ToyKind>().Select(static kind =>
            Gen.Choose(ToyStep.LeastOf(kind), ToyStep.MostOf(kind)).Select(argument => new ToyStep(kind, argument))));
        var generator = Gen.Choose(1, ToyStep.MostSteps).SelectMany(length => step.ArrayOf(length));
        return Arb.From(generator, Arb.Array(Arb.From(step, Simpler)).Shrinker);
    }

    private static IEnumerable<ToyStep> Simpler(ToyStep step)
    {
        var lowest = ToyStep.LeastOf(step.Kind);
        if (step.Argument > lowest)
            yield return step with { Argument = lowest };
        if (step.Argument / 2 > lowest)
            yield return step with { Argument = step.Argument / 2 };
        if (step.Argument - 1 > lowest)
            yield return step with { Argument = step.Argument - 1 };
    }

    private sealed class Capture : IRunner
    {
        internal ToyStep[]? Counterexample { get; private set; }

        public void OnStartFixture(Type t)
        {
            // Nothing is printed.
        }

        public void OnArguments(int ntest, FSharpList<object> args,
            FSharpFunc<int, FSharpFunc<FSharpList<object>, string>> every)
        {
            // Nothing is printed.
        }

        public void OnShrink(FSharpList<object> args, FSharpFunc<FSharpList<object>, string> everyShrink)
        {
            // Nothing is printed.
        }

        public void OnFinished(string name, TestResult testResult)
        {
            if (testResult is TestResult.Failed failed)
                Counterexample = (ToyStep[])failed.Item3.Head;
        }
    }
}
