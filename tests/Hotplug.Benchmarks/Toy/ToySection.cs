using System.Diagnostics;
using Hotplug.Contract;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy through our engine, against FsCheck and against no engine at all.</summary>
internal sealed class ToySection : ISection
{
    private const int Sequences = 20_000;
    private const int SequencesOfDictionary = 2_000;
    private const int Failures = 300;
    private const int FailuresOfFsCheck = 60;
    private const long CampaignSequences = 300_000;
    private const string Engine = "our engine: generate, machine, model, compare";
    private const string Generate = "bare loop: generate only";
    private const string Execute = "bare loop: + machine";
    private const string Bare = "bare loop: + flat model and comparison";
    private const string FsCheckFlat = "FsCheck plain, flat body";
    private const string FsCheckDictionary = "FsCheck plain, dictionary body";

    public string Word => "toy";

    public string About =>
        "the toy of 8 blocks of 64 pages, judged after every operation; CPU ns per step, medians of one run";

    public void Run(TextWriter output)
    {
        var claims = new Claims(output);
        MeasureSteps(claims);
        MeasureAllocation(claims);
        MeasureShrinking(claims, ToyFault.OfflineForgetsInflated, 4, 0.1, 40);
        MeasureShrinking(claims, ToyFault.DeflateStopsAtBlock, 7, 2, 4);
        MeasureTwoCores(claims);
    }

    private static void MeasureSteps(Claims claims)
    {
        var bare = new BareLoop(ToyFault.None);
        var rig = new EngineRig(ToyFault.None);
        var rounds = new AlternatingRounds(warmUp: 3, rounds: 7);
        rounds.Add(Generate, () => Sum(bare.Generate));
        rounds.Add(Execute, () => Sum(bare.Execute));
        rounds.Add(Bare, () => Sum(bare.Judge));
        rounds.Add(Engine, () => Sum(seed => Conforming(rig, seed)));
        rounds.Add(FsCheckFlat, () => FsCheckSteps(bare.FlatBody, Sequences));
        rounds.Add(FsCheckDictionary, () => FsCheckSteps(bare.DictionaryBody, SequencesOfDictionary));
        rounds.Measure();
        foreach (var what in new[] { Generate, Execute, Bare, Engine, FsCheckFlat, FsCheckDictionary })
            claims.Figure(what, $"{rounds[what]:0.0} ns");
        claims.AtLeast("FsCheck plain with its dictionary body / our engine",
            rounds[FsCheckDictionary] / rounds[Engine], 17, "x");
        claims.AtLeast("FsCheck plain with the flat body / our engine", rounds[FsCheckFlat] / rounds[Engine], 2, "x");
        claims.AtMost("our engine / bare flat loop (an aim)", rounds[Engine] / rounds[Bare], 1.25, "x");
    }

    private static void MeasureAllocation(Claims claims)
    {
        var rig = new EngineRig(ToyFault.None);
        Func<ulong, int> walk = seed => Conforming(rig, seed);
        Sum(walk);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var steps = Sum(walk);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        claims.AtMost("allocated by our engine", allocated / (double)steps, 0, "bytes a step");
    }

    private static void MeasureShrinking(Claims claims, ToyFault fault, int minimum, double most, double least)
    {
        var rig = new EngineRig(fault);
        var bare = new BareLoop(fault);
        var find = new List<double>();
        var shrink = new List<double>();
        var lengths = new List<int>();
        var proved = 0;
        for (var seed = 0UL; seed < 2 * Failures; seed++)
        {
            RunResult? failure = null;
            var finding = CpuTime.Milliseconds(() => failure = rig.Find(seed));
            var result = default(Hotplug.Engine.Shrink.ShrinkResult);
            var shrinking = CpuTime.Milliseconds(() => result = rig.Shrink(failure!));
            if (seed < Failures)
                continue;   // The first half warms up.
            find.Add(finding);
            shrink.Add(shrinking);
            lengths.Add(result!.Minimal.Operations.Length);
            proved += result.IsProvedMinimal ? 1 : 0;
        }

        var (theirs, minimal) = FsCheckShrinks(bare.DictionaryBody, minimum);
        var (theirsFlat, minimalFlat) = FsCheckShrinks(bare.FlatBody, minimum);
        var name = fault == ToyFault.OfflineForgetsInflated ? "A" : "B";
        var ours = CpuTime.Median(find) + CpuTime.Median(shrink);
        claims.Figure($"fault {name}: find + shrink + proof, median",
            $"{CpuTime.Median(find):0.000} + {CpuTime.Median(shrink):0.000} ms");
        claims.Figure($"fault {name}: FsCheck plain, dictionary body, median", $"{theirs:0.00} ms, {minimal:0} % minimal");
        claims.Figure($"fault {name}: FsCheck plain, flat body, median", $"{theirsFlat:0.00} ms, {minimalFlat:0} % minimal");
        claims.AtMost($"fault {name}: find + shrink + proof", ours, most, "ms");
        claims.AtLeast($"fault {name}: FsCheck plain with its dictionary body / our engine", theirs / ours, least, "x");
        claims.Figure($"fault {name}: FsCheck plain with the flat body / our engine", $"{theirsFlat / ours:0.0} x");
        claims.AtLeast($"fault {name}: of minimal length {minimum}", Percent(lengths, minimum), 100, "%");
        claims.AtLeast($"fault {name}: proved minimal", 100.0 * proved / Failures, 100, "%");
    }

    // Milliseconds to find and shrink, and the percentage of answers of the true minimum length.
    private static (double Milliseconds, double Minimal) FsCheckShrinks(Func<ToyStep[], bool> body, int minimum)
    {
        var took = new List<double>();
        var lengths = new List<int>();
        for (var seed = 0UL; seed < 2 * FailuresOfFsCheck; seed++)
        {
            ToyStep[]? counterexample = null;
            var milliseconds =
                CpuTime.Milliseconds(() => counterexample = FsCheckPeer.Check(body, int.MaxValue, seed));
            if (seed < FailuresOfFsCheck)
                continue;   // The first half warms up.
            took.Add(milliseconds);
            lengths.Add(counterexample!.Length);
        }

        return (CpuTime.Median(took), Percent(lengths, minimum));
    }

    private static void MeasureTwoCores(Claims claims)
    {
        var ratios = new List<double>();
        for (var round = 0; round < 3; round++)
        {
            var one = Campaign(1);
            ratios.Add(one / Campaign(2));
        }

        claims.AtLeast($"two workers against one ({Environment.ProcessorCount} CPUs, wall time)",
            CpuTime.Median(ratios), 1.9, "x");
    }

    private static double Campaign(int workers)
    {
        var start = Stopwatch.GetTimestamp();
        new Gate(static () => EngineRig.Open(ToyFault.None)).Run(
            new GateOptions { Seed = 1, Sequences = CampaignSequences, Workers = workers });
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static long Sum(Func<ulong, int> stepsOf)
    {
        long steps = 0;
        for (var sequence = 0UL; sequence < Sequences; sequence++)
            steps += stepsOf(SplitMix.Derive(1, sequence));
        return steps;
    }

    private static int Conforming(EngineRig rig, ulong seed) => rig.Walk(seed) == Verdict.Conforms
        ? rig.Runner.Executed.Length
        : throw new InvalidOperationException(rig.Runner.Violation!.ToString());

    private static long FsCheckSteps(Func<ToyStep[], bool> body, int sequences)
    {
        long steps = 0;
        FsCheckPeer.Check(
            sequence =>
            {
                steps += sequence.Length;
                return body(sequence);
            },
            sequences, 1);
        return steps;
    }

    private static double Percent(List<int> lengths, int minimum) =>
        100.0 * lengths.Count(l => l == minimum) / lengths.Count;
}
