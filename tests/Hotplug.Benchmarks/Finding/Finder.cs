using FsCheck.Fluent;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Invariants;
using Hotplug.Model;

namespace Hotplug.Benchmarks.Finding;

/// <summary>Counts the operations that a machine with a fault carries out before some rule breaks.</summary>
internal sealed class Finder : IDisposable
{
    private const int OperationsPerSequence = 100;

    private readonly Runner _runner;

    internal Finder(Fault fault) =>
        _runner = new Runner(BitmapMachine.Create(fault), new Suite(new ReferenceModel(), Catalogue.All));

    public void Dispose() => _runner.Machine.Dispose();

    /// <summary>With our own sequences; the limit if nothing breaks within it.</summary>
    internal long Operations(Sequences sequences, ulong seed, long limit) =>
        Count(seed, limit, (ref SplitMix random) =>
        {
            var spec = sequences.DrawSpec(ref random, _runner.Identity.Levels);
            return _runner.Walk(spec, sequences.DrawSource(ref random, spec, _runner.Identity.Levels), OperationsPerSequence);
        });

    /// <summary>With uniform operations, in sequences as long as ours.</summary>
    internal long UniformOperations(ulong seed, long limit) =>
        Count(seed, limit, (ref SplitMix random) => Plain(ref random, OperationsPerSequence));

    /// <summary>With uniform operations in arrays whose length follows FsCheck's size, 1 to 100 over 100
    /// tests.</summary>
    internal long FsCheckOperations(ulong seed, long limit)
    {
        var test = 0;
        return Count(seed, limit, (ref SplitMix random) =>
        {
            test = (test % OperationsPerSequence) + 1;
            return Plain(ref random, random.Below(test + 1));
        });
    }

    private Verdict Plain(ref SplitMix random, int length)
    {
        var spec = new Sequences().DrawSpec(ref random, _runner.Identity.Levels);
        var operations = Finding.UniformOperations.For(spec, _runner.Identity.Levels).ArrayOf(length)
            .Sample(1, new FsCheck.Rnd(random.Next(), random.Next() | 1), 1);
        return _runner.Walk(spec, new TraceSource([.. operations.Single()]), OperationsPerSequence);
    }

    private long Count(ulong seed, long limit, Walk walk)
    {
        long operations = 0;
        for (var sequence = 0UL; operations < limit; sequence++)
        {
            var random = new SplitMix(SplitMix.Derive(seed, sequence));
            var verdict = walk(ref random);
            operations += Math.Max(1, _runner.Executed.Length);
            if (verdict != Verdict.Conforms)
                return Math.Min(operations, limit);
        }

        return limit;
    }

    private delegate Verdict Walk(ref SplitMix random);
}
