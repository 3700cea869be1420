using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy in the words of the contract: raw block numbers, and a raw page number for the i of free.</summary>
public static class ToyOperations
{
    /// <summary>
    /// The toy's geometry. It has no boot memory, so it is no coherent spec of a real machine, and the shrinker finds
    /// no simpler one.
    /// </summary>
    public static MachineSpec Spec { get; } = new()
    {
        PagesPerPageblock = ToyMemory.PagesPerBlock,
        PagesPerSection = ToyMemory.PagesPerBlock,
        MaxOrder = 6,
        BootBlocks = 0,
        DimmFirstBlock = 0,
        DimmBlocks = ToyMemory.Blocks,
        Notifiers = [],
    };

    // Every operation there is, kind by kind: few enough to stay in the first-level cache.
    private static readonly int[] s_first = new int[ToyStep.Kinds];

    private static readonly Operation[] s_operations = MakeAll();

    private static readonly ToyKind[] s_kinds = [.. OperationTable.Forms.Select(static f => KindOf(f.Kind))];

    /// <summary>
    /// The operation for a step. Looked up: steps are random, and a processor guesses a random jump wrong.
    /// </summary>
    public static ref readonly Operation Of(ToyStep step) => ref s_operations[s_first[(int)step.Kind] + step.Argument];

    /// <summary>The step that an operation stands for.</summary>
    public static ToyStep StepOf(in Operation operation)
    {
        var kind = s_kinds[(int)operation.Kind];
        // Only free names a page, only blocks have a number, and what is not named is 0.
        var argument = kind == ToyKind.Free ? operation.Subject.Page : operation.Subject.Id;
        return new ToyStep(kind, (int)(kind >= ToyKind.Inflate ? operation.Amount : argument));
    }

    private static Operation[] MakeAll()
    {
        var operations = new List<Operation>();
        for (var kind = ToyKind.Add; kind <= ToyKind.Deflate; kind++)
        {
            s_first[(int)kind] = operations.Count;
            for (var argument = 0; argument <= ToyStep.MostOf(kind); argument++)
                operations.Add(Make(new ToyStep(kind, argument)));
        }

        return [.. operations];
    }

    private static Operation Make(ToyStep step) => step.Kind switch
    {
        ToyKind.Add => Operation.Add(Name.RawBlock(step.Argument), ToyMemory.PagesPerBlock),
        ToyKind.Online => Operation.Online(Name.RawBlock(step.Argument)),
        ToyKind.Offline => Operation.Offline(Name.RawBlock(step.Argument)),
        ToyKind.Remove => Operation.Remove(Name.RawBlock(step.Argument)),
        ToyKind.Alloc => Operation.Alloc(default, 1),
        ToyKind.Free => Operation.Free(Name.RawPage(step.Argument)),
        ToyKind.Inflate => Operation.Inflate(BalloonDriver.Virtio, step.Argument),
        _ => Operation.Deflate(BalloonDriver.Virtio, step.Argument),
    };

    // The zone makes no difference here; what the toy does not have is never drawn, nor tried in place of something it
    // has.
    private static ToyKind KindOf(OperationKind kind) => kind switch
    {
        OperationKind.Add => ToyKind.Add,
        OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable => ToyKind.Online,
        OperationKind.Offline => ToyKind.Offline,
        OperationKind.Remove => ToyKind.Remove,
        OperationKind.Free => ToyKind.Free,
        OperationKind.Inflate => ToyKind.Inflate,
        OperationKind.Deflate => ToyKind.Deflate,
        _ => ToyKind.Alloc,
    };
}
