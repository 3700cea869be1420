using System.Diagnostics;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy in the words of the contract: raw block numbers, and a raw page number for the i of free.</summary>
public static class ToyOperations
{
    /// <summary>
    /// The toy's geometry. It has no boot memory, so it is no coherent spec of a real machine, and the shrinker finds no simpler one.
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

    /// <summary>The operation for a step.</summary>
    public static Operation Of(ToyStep step) => step.Kind switch
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

    /// <summary>The step that an operation stands for.</summary>
    public static ToyStep StepOf(in Operation operation) => operation.Kind switch
    {
        OperationKind.Add => new ToyStep(ToyKind.Add, operation.Subject.Id),
        OperationKind.Online => new ToyStep(ToyKind.Online, operation.Subject.Id),
        OperationKind.Offline => new ToyStep(ToyKind.Offline, operation.Subject.Id),
        OperationKind.Remove => new ToyStep(ToyKind.Remove, operation.Subject.Id),
        OperationKind.Alloc => new ToyStep(ToyKind.Alloc, 0),
        OperationKind.Free => new ToyStep(ToyKind.Free, (int)operation.Subject.Page),
        OperationKind.Inflate => new ToyStep(ToyKind.Inflate, (int)operation.Amount),
        OperationKind.Deflate => new ToyStep(ToyKind.Deflate, (int)operation.Amount),
        _ => throw new UnreachableException($"the toy has no {operation.Kind}"),
    };
}
