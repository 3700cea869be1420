using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Generators.Kernels;

/// <summary>
/// Operations of another source, turned into what user space of a real kernel can ask for: what it cannot is replaced
/// by what comes nearest, or left out; amounts stay such that an operation takes milliseconds and memory does not run
/// out.
/// </summary>
internal sealed class KernelSource(IOperationSource source) : IOperationSource
{
    private const int MostTries = 32;
    private const int MostBlocks = 4;
    private const long MostAllocated = 8_192, MostBallooned = 12_288;
    private const int HugeOrder = 9;

    private MachineSpec _spec = new();

    public bool NeedsMenu => source.NeedsMenu;

    public void Begin(MachineSpec spec, Levels levels)
    {
        _spec = spec;
        source.Begin(spec, levels);
    }

    public bool TryNext(Menu menu, out Operation operation)
    {
        for (var i = 0; i < MostTries; i++)
        {
            if (!source.TryNext(menu, out operation))
                return false;
            if (TryOffered(menu, operation, out operation))
                return true;
        }

        operation = Operation.Tick(1);
        return true;
    }

    private bool TryOffered(Menu menu, in Operation drawn, out Operation operation)
    {
        operation = drawn;
        switch (drawn.Kind)
        {
            case OperationKind.Add:
                operation = Add(drawn);
                return operation.Amount > 0;
            case OperationKind.Remove or OperationKind.OfflineRemove:
                // A DIMM leaves by ejection only, and only as a whole.
                operation = Operation.Eject(drawn.Subject.WithBlock(-1));
                return drawn.Subject is { Kind: NameKind.Device, Id: > 0 };
            case OperationKind.Eject:
                return drawn.Subject.Id > 0;
            case OperationKind.Alloc:
                operation = Alloc(menu, drawn);
                return drawn.Node < _spec.Nodes;
            case OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget:
                operation = drawn with { Choice = (byte)BalloonDriver.Virtio, Amount = drawn.Amount % MostBallooned };
                return operation.Amount > 0 || drawn.Kind == OperationKind.BalloonTarget;
            case OperationKind.NotifierError:
                return (MemoryNotification)drawn.Choice is MemoryNotification.GoingOnline
                    or MemoryNotification.GoingOffline;
            case OperationKind.Veto:
                // The injector of a stock kernel is not one-shot; the generator takes its errors back.
                operation = Operation.NotifierError(drawn.Amount % 2 == 0
                    ? MemoryNotification.GoingOnline : MemoryNotification.GoingOffline, drawn.Errno);
                return drawn.Choice == (byte)VetoPoint.Notifier;
            case OperationKind.Policy:
                return (PolicySetting)drawn.Choice is not (PolicySetting.MemmapOff
                    or PolicySetting.MemmapOn or PolicySetting.MemmapForce);
            case OperationKind.Poison or OperationKind.Unpoison or OperationKind.SoftOffline
                or OperationKind.HardOffline:
                return drawn.Subject is not { Kind: NameKind.Device, Id: 0 };
            case OperationKind.Get or OperationKind.Put:
                return drawn.Subject.Kind == NameKind.Allocation;
            case OperationKind.Tick:
                return false;
            default:
                return true;
        }
    }

    // Hot memory belongs on the last node: there it is alone. Now and then it may come to node 0.
    private Operation Add(in Operation drawn)
    {
        var blocks = drawn.Amount / _spec.PagesPerBlock;
        var rest = drawn.Amount % _spec.PagesPerBlock / _spec.PagesPerPageblock * _spec.PagesPerPageblock;
        return drawn with
        {
            Amount = ((blocks <= MostBlocks ? blocks : 1 + (blocks % MostBlocks)) * _spec.PagesPerBlock) + rest,
            Node = (short)(drawn.Subject.Id % 8 == 7 ? 0 : _spec.Nodes - 1),
            Choice = (byte)MemmapPlacement.Policy,
            Second = (byte)MemoryGroupKind.Static,
        };
    }

    private Operation Alloc(Menu menu, in Operation drawn)
    {
        var kind = (AllocationKind)drawn.Choice;
        return drawn with
        {
            Choice = (byte)(kind == AllocationKind.Reclaimable ? AllocationKind.Unmovable : kind),
            Order = (byte)(kind == AllocationKind.Movable && drawn.Order >= HugeOrder ? HugeOrder : 0),
            Amount = 1 + (drawn.Amount % MostAllocated),
            Node = (short)(_spec.Nodes > 1 && HasHotMemory(menu) ? _spec.Nodes - 1 : -1),
            Cpu = 0,
        };
    }

    private static bool HasHotMemory(Menu menu)
    {
        foreach (var block in menu.Blocks)
            if (block is { State: BlockState.Online } && block.Name is not { Kind: NameKind.Device, Id: 0 })
                return true;
        return false;
    }
}
