using Hotplug.Bitmap.Races;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Bitmap;

/// <summary>Makes optimised machines.</summary>
public static class BitmapMachine
{
    /// <summary>The machine that keeps every rule.</summary>
    public static IMachine Create() => new BitmapMachine<Faithful>("bitmap", default);

    /// <summary>The machine that breaks one rule.</summary>
    public static IMachine Create(Fault fault) =>
        new BitmapMachine<Seeded>($"bitmap+{FaultTable.Of(fault).Id}", new Seeded(fault));

    /// <summary>The machine whose operations may overlap, as a scheduler decides; it keeps every rule.</summary>
    public static IScheduledMachine CreateScheduled() => new ScheduledMachine("bitmap", null);

    /// <summary>As <see cref="CreateScheduled()"/>, with one rule broken.</summary>
    public static IScheduledMachine CreateScheduled(RaceFault fault) =>
        new ScheduledMachine($"bitmap+{Words.Of(fault)}", fault);

    /// <summary>The machine for real threads.</summary>
    public static IThreadedMachine CreateThreaded() => new ThreadedMachine();
}

/// <summary>
/// The optimised machine: planes of bits per memory block, a buddy allocator with summaries, sparse references, runs of
/// holders. Nothing is allocated per operation once warm.
/// </summary>
/// <typeparam name="TRules">Who keeps the rules: faithful, or one seeded fault.</typeparam>
internal sealed class BitmapMachine<TRules>(string name, TRules rules) : IMachine, ISnapshots, ISeeded
    where TRules : struct, IRules
{
    private readonly Journal _journal = new();
    private Wiring<TRules>? _wiring;

    /// <inheritdoc/>
    public MachineIdentity Identity { get; } = new(name, "1",
        Levels.Core | Levels.Numa | Levels.Pcplists | Levels.MemmapOnMemory | Levels.Balloon | Levels.Cmm
        | Levels.DeviceMemory | Levels.OnlineCallback | Levels.Hwpoison | Levels.Contig | Levels.Faults | Levels.Effects, Visibility.All);

    /// <inheritdoc/>
    public long TimesBroken => rules.TimesBroken;

    /// <summary>Everything that changes.</summary>
    public MachineState State => Wiring.State;

    private Wiring<TRules> Wiring => _wiring
        ?? throw new InvalidOperationException("Reset starts the machine; it was not called");

    /// <inheritdoc/>
    public void Reset(MachineSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (SpecRules.Check(spec) is { } broken)
            throw new ArgumentException(broken, nameof(spec));
        _journal.Restart();
        _wiring = new Wiring<TRules>(Boot.Start(spec, _journal), rules);
        if (!rules.Keeps(Fault.ImmovableBalloonMoves))
            foreach (var balloon in _wiring.State.Balloons)
                _wiring.State.Runs.HolderOf(balloon.Holder).Use = PageUse.Ballooned;
    }

    /// <inheritdoc/>
    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var wiring = Wiring;
        _journal.Advance();
        var log = new EffectLog(outcome);
        switch (operation.Kind)
        {
            case OperationKind.Veto:
                wiring.State.Injection.Arm((VetoPoint)operation.Choice, operation.Amount, operation.Errno);
                return;
            case OperationKind.Tick:
                wiring.State.Injection.BeginTick();
                wiring.Loaning.Pass(operation.Amount, log);
                wiring.State.Injection.End(log);
                return;
            case OperationKind.Policy:
                outcome.Answer = Answer.Of(wiring.Policies.Set((PolicySetting)operation.Choice));
                break;
            default:
                wiring.State.Injection.Begin();
                outcome.Answer = Carry(wiring, operation, target, log);
                wiring.State.Injection.End(log);
                break;
        }

        wiring.Policies.RefreshChoices();
    }

    /// <inheritdoc/>
    public void Observe(Observation observation)
    {
        ArgumentNullException.ThrowIfNull(observation);
        Wiring.Writer.Write(observation);
    }

    /// <inheritdoc/>
    public object Snapshot() => Wiring.State.Clone();

    /// <inheritdoc/>
    public void Restore(object snapshot)
    {
        if (snapshot is not MachineState state || state.Journal != _journal || state.Spec != Wiring.State.Spec)
            throw new ArgumentException("not a snapshot of this machine with this spec", nameof(snapshot));
        _journal.Restart();
        Wiring.State.CopyFrom(state);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static Answer Carry(Wiring<TRules> machine, in Operation operation, in Target target, EffectLog log)
    {
        switch (operation.Kind)
        {
            case OperationKind.Offline:
            case OperationKind.Eject:
            case OperationKind.OfflineRemove:
            case OperationKind.WriteOnline:
                return machine.Blocks.Offline(operation, target, log);
            case OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable:
                return Answer.Of(machine.Blocks.Online(operation.Kind, target, log));
            case OperationKind.WriteState:
                return Answer.Of(machine.Blocks.WriteState((StateText)operation.Choice, target));
            case OperationKind.Remove:
                return Answer.Of(machine.Blocks.Remove(operation, target, log));
            default:
                return Answer.Of(CarryPages(machine, operation, target, log));
        }
    }

    private static Errno CarryPages(Wiring<TRules> machine, in Operation operation, in Target target, EffectLog log)
    {
        var driver = (BalloonDriver)operation.Choice;
        var pfn = target.Range.Start;
        var id = operation.Subject.Id;
        return operation.Kind switch
        {
            OperationKind.Add => machine.Adding.Add(operation, target, log),
            OperationKind.Alloc => machine.Allocating.Alloc(operation, log),
            OperationKind.Free => machine.Allocating.Free(id, operation.Cpu, log),
            OperationKind.Get when operation.Subject.Kind != NameKind.Allocation => machine.OfflineReferences.Get(pfn),
            OperationKind.Put when operation.Subject.Kind != NameKind.Allocation => machine.OfflineReferences.Put(pfn),
            OperationKind.Get => machine.Allocating.Get(id, pfn),
            OperationKind.Put => machine.Allocating.Put(id, pfn, operation.Cpu, log),
            OperationKind.Contig => machine.Contig.Alloc(operation, target, log),
            OperationKind.ContigFree => machine.Contig.Free(id, log),
            OperationKind.Inflate => machine.Ballooning.Inflate(driver, operation.Amount, log),
            OperationKind.Deflate => machine.Ballooning.Deflate(driver, operation.Amount, log),
            OperationKind.BalloonTarget => machine.Ballooning.Target(driver, operation.Amount, log),
            OperationKind.LoanTarget => machine.Loaning.SetTarget(operation.Amount),
            OperationKind.Oom => OutOfMemory(machine, log),
            OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize =>
                ResizeLocked(machine, operation, log),
            OperationKind.Back => machine.Backing.Back(pfn, operation.Amount, log),
            OperationKind.SetCallback => SetCallback(machine, operation),
            OperationKind.Poison or OperationKind.HardOffline => machine.Poisoning.Poison(pfn, log),
            OperationKind.Unpoison => machine.Poisoning.Unpoison(pfn, log),
            OperationKind.SoftOffline => machine.Poisoning.SoftOffline(pfn, log),
            OperationKind.Pcp => machine.Pcplists.Do((PcpAction)operation.Choice, log),
            OperationKind.NotifierError =>
                machine.Policies.SetNotifierError((MemoryNotification)operation.Choice, operation.Errno),
            _ => Errno.EINVAL,   // Levels that this machine does not declare.
        };
    }

    // The OOM notifier chain: virtio-balloon has the higher priority.
    private static Errno OutOfMemory(Wiring<TRules> machine, EffectLog log)
    {
        machine.Ballooning.OutOfMemory(log);
        machine.Loaning.OutOfMemory(log);
        return Errno.None;
    }

    // get_online_mems(): no onlining is under way.
    private static Errno SetCallback(Wiring<TRules> machine, in Operation operation)
    {
        var isLocked = machine.Rules.Keeps(RaceFault.CallbackSwappedUnlocked);
        if (isLocked)
            machine.Rules.Acquire(LockName.Hotplug);
        var errno = operation.Second == (byte)CallbackAction.Set
            ? machine.Callbacks.Set((CallbackOwner)operation.Choice)
            : machine.Callbacks.Restore((CallbackOwner)operation.Choice);
        if (!machine.Rules.Keeps(Fault.SlotTakenOver) && errno == Errno.EINVAL
            && operation.Second == (byte)CallbackAction.Set)
            errno = machine.Callbacks.TakeOver((CallbackOwner)operation.Choice);
        if (!machine.Rules.Keeps(Fault.CallbackRestoredEarly) && errno == Errno.EBUSY)
            errno = machine.Callbacks.Forget((CallbackOwner)operation.Choice);
        machine.Rules.At(SchedulePoint.CallbackAfterSwap);
        if (isLocked)
            machine.Rules.Release(LockName.Hotplug);
        return errno;
    }

    // The work queue of the driver does one request at a time.
    private static Errno ResizeLocked(Wiring<TRules> machine, in Operation operation, EffectLog log)
    {
        var isLocked = machine.Rules.Keeps(RaceFault.RequestsOverlap);
        if (isLocked)
            machine.Rules.Acquire(LockName.DeviceMemoryWork, operation.Subject.Id);
        var errno = Resize(machine, operation, log);
        if (isLocked)
            machine.Rules.Release(LockName.DeviceMemoryWork, operation.Subject.Id);
        return errno;
    }

    private static Errno Resize(Wiring<TRules> machine, in Operation operation, EffectLog log)
    {
        var memories = machine.State.Memories;
        if (operation.Subject.Id < 1 || operation.Subject.Id > memories.Length)
            return Errno.EINVAL;
        if (!machine.Callbacks.Has(CallbackOwner.VirtioMem))
            return Errno.ENODEV;   // register_virtio_mem_device() failed: no driver is bound to it.
        var device = memories[operation.Subject.Id - 1];
        if (operation.Amount > device.SubBlocks && operation.Kind != OperationKind.Unplug)
            return Errno.EINVAL;
        return machine.Driver.Resize(device, operation.Kind switch
        {
            OperationKind.Plug => device.Plugged + operation.Amount,
            OperationKind.Unplug => Math.Max(0, device.Plugged - operation.Amount),
            _ => operation.Amount,
        }, log);
    }
}
