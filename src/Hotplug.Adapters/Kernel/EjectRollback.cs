using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// A refused ejection puts its blocks back with device_online(): with the plain online type, or with one that an
/// earlier, failed write left behind – not into the zone that they had. acpi_scan_try_to_offline(),
/// drivers/acpi/scan.c; memory_subsys_online(), drivers/base/memory.c.
/// </summary>
internal sealed class EjectRollbackZone : IKnownDefect
{
    private readonly Dictionary<int, AutoOnline> _stale = [];
    private readonly InjectedErrors _errors = new();
    private bool _autoMovable;

    /// <inheritdoc/>
    public string Id => "eject-rollback-zone";

    /// <inheritdoc/>
    public void Reset()
    {
        _stale.Clear();
        _autoMovable = false;
        _errors.Reset();
    }

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        if (seen.Index == 0)
            _autoMovable = seen.Spec.AutoMovable;
        _errors.Watch(seen);
        var operation = seen.Operation;
        if (operation.Kind == OperationKind.Eject && seen.Answer.IsErrno)
            Predict(seen);
        else if (operation.Kind is OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable)
            Remember(seen);
        else if (operation.Kind == OperationKind.Policy && seen.Answer.IsOk)
            _autoMovable = (PolicySetting)operation.Choice switch
            {
                PolicySetting.ZonesAutoMovable => true,
                PolicySetting.ZonesContig => false,
                _ => _autoMovable,
            };
        foreach (ref readonly var change in seen.Changed)
            if (change.After is null)
                _stale.Remove(change.Block);
    }

    // state_store() sets online_type before it finds the block online; a real attempt consumes it.
    private void Remember(Transition seen)
    {
        var block = seen.Spec.BlockOf(seen.Target.Range.Start);
        if (seen.Before.Find(block) is { IsOnline: true })
            _stale[block] = seen.Operation.Kind switch
            {
                OperationKind.OnlineKernel => AutoOnline.OnlineKernel,
                OperationKind.OnlineMovable => AutoOnline.OnlineMovable,
                _ => AutoOnline.Online,
            };
        else
            _stale.Remove(block);
    }

    private void Predict(Transition seen)
    {
        // With GOING_OFFLINE refused nothing left its zone; with GOING_ONLINE refused nothing comes back at all.
        if (_errors.RefuseOffline || _errors.RefuseOnline)
            return;
        var zones = new DefaultZone(seen.Spec, seen.Before, _autoMovable);
        var returning = EjectedBlocks.ThatWentOffline(seen);
        foreach (var block in returning)
            zones.Offline(block.Block);
        foreach (var block in returning)
        {
            if (seen.Spec.Dialect.Has(DialectItem.PoisonBlocksOnline) && block.Pages.Poisoned > 0)
                continue;
            var zone = _stale.GetValueOrDefault(block.Block) switch
            {
                AutoOnline.OnlineMovable => ZoneKind.Movable,
                AutoOnline.OnlineKernel => ZoneKind.Normal,
                _ => zones.Of(block.Block, block.Node),
            };
            zones.Online(block.Block, block.Node, zone);
            if (zone != block.Zone)
                seen.Deviations.Predict(
                    new Deviation(Id, DeviationKind.ZoneAfterRollback, new ZoneId(block.Node, zone), block.Block));
            _stale.Remove(block.Block);
        }
    }
}

/// <summary>
/// A refused ejection leaves a block offline that holds a poisoned page: bringing it back is refused with EHWPOISON,
/// which nobody sees. memory_block_online(), drivers/base/memory.c.
/// </summary>
internal sealed class EjectRollbackPoison : IKnownDefect
{
    private readonly InjectedErrors _errors = new();

    /// <inheritdoc/>
    public string Id => "eject-rollback-poison";

    /// <inheritdoc/>
    public void Reset() => _errors.Reset();

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        _errors.Watch(seen);
        if (seen.Operation.Kind != OperationKind.Eject || !seen.Answer.IsErrno || _errors.RefuseOffline)
            return;
        foreach (var block in EjectedBlocks.ThatWentOffline(seen))
            if (block.Pages.Poisoned > 0)
                seen.Deviations.Predict(new Deviation(Id, DeviationKind.OfflineAfterRollback, Block: block.Block));
    }
}

/// <summary>Which blocks a refused ejection had offlined before it was refused.</summary>
internal static class EjectedBlocks
{
    /// <summary>
    /// The online blocks of the device, as they were before, but those that themselves refused: the kernel names a page
    /// of theirs. A block that shows another state or zone afterwards went offline in the second pass.
    /// </summary>
    public static List<BlockObservation> ThatWentOffline(Transition seen)
    {
        var went = new List<BlockObservation>();
        foreach (var block in seen.Before.Blocks)
        {
            var pages = seen.Spec.PagesOf(block.Block);
            if (!block.IsOnline || !seen.Target.Range.Contains(pages))
                continue;
            var after = seen.After.Find(block.Block);
            var moved = after is null || after.IsOnline != block.IsOnline || after.Zone != block.Zone;
            if (moved || !IsBlamed(seen, pages))
                went.Add(block);
        }

        return went;
    }

    private static bool IsBlamed(Transition seen, PageRange pages)
    {
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Culprit && pages.Contains(witness.Range))
                return true;
        return false;
    }
}

/// <summary>What the error injector was told to refuse. With GOING_OFFLINE refused no block leaves its zone.</summary>
internal sealed class InjectedErrors
{
    /// <summary>GOING_ONLINE is refused.</summary>
    public bool RefuseOnline { get; private set; }

    /// <summary>GOING_OFFLINE is refused.</summary>
    public bool RefuseOffline { get; private set; }

    /// <summary>Forgets.</summary>
    public void Reset() => RefuseOnline = RefuseOffline = false;

    /// <summary>Looks at an operation.</summary>
    public void Watch(Transition seen)
    {
        var operation = seen.Operation;
        if (operation.Kind != OperationKind.NotifierError || !seen.Answer.IsOk)
            return;
        if (operation.Choice == (byte)MemoryNotification.GoingOnline)
            RefuseOnline = operation.Errno != Errno.None;
        else
            RefuseOffline = operation.Errno != Errno.None;
    }
}
