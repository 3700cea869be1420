using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Rules;

/// <summary>A block whose observation may differ: before, after, or both.</summary>
/// <param name="Block">Its number.</param>
/// <param name="Before">Before the operation; null if it did not exist.</param>
/// <param name="After">After the operation; null if it does not exist.</param>
public readonly record struct BlockChange(int Block, BlockObservation? Before, BlockObservation? After);

/// <summary>
/// One operation as it was seen: what everybody who judges is given. Reused by the engine; valid while judging.
/// The start of a run is a transition too: <see cref="IsStart"/>, every block is new, the operation is <c>default</c>.
/// </summary>
public sealed class Transition
{
    private BlockChange[] _changed = new BlockChange[16];
    private int _changes;
    private ChainEvent[] _events = new ChainEvent[16];
    private int _eventCount = -1;
    private EffectKinds? _stepsTaken;

    /// <summary>The machine's spec.</summary>
    public MachineSpec Spec { get; private set; } = new();

    /// <summary>The machine's levels.</summary>
    public Levels Levels { get; private set; }

    /// <summary>The kinds of effects that the machine reports.</summary>
    public EffectKinds Steps { get; private set; } = EffectKinds.All;

    /// <summary>True for the first observation of a run.</summary>
    public bool IsStart { get; private set; }

    /// <summary>Index of the operation in the run, from 0; −1 at the start.</summary>
    public int Index { get; private set; } = -1;

    /// <summary>What was seen before. Empty at the start.</summary>
    public Observation Before { get; private set; } = new();

    /// <summary>What was done.</summary>
    public Operation Operation { get; private set; }

    /// <summary>Where its names point.</summary>
    public Target Target { get; private set; }

    /// <summary>What the machine answered.</summary>
    public Outcome Outcome { get; private set; } = new();

    /// <summary>What was seen after.</summary>
    public Observation After { get; private set; } = new();

    /// <summary>What declared defects predict.</summary>
    public DeviationLedger Deviations { get; } = new();

    /// <summary>Blocks whose observation may differ, ascending. A block that is not here is the same before and
    /// after.</summary>
    public ReadOnlySpan<BlockChange> Changed => _changed.AsSpan(0, _changes);

    /// <summary>The answer.</summary>
    public Answer Answer => Outcome.Answer;

    /// <summary>Both observations show this.</summary>
    public bool Sees(Visibility what) => After.Sees(what) && (IsStart || Before.Sees(what));

    /// <summary>The state of a page before.</summary>
    public PageState PageBefore(long pfn) => Before.PageAt(pfn, Spec.PagesPerBlock);

    /// <summary>The state of a page before, and how many pages from it on share it inside its block, 1 and
    /// up.</summary>
    public (PageState State, long Count) RunBefore(long pfn) => RunAt(Before, pfn);

    /// <summary>The state of a page after.</summary>
    public PageState PageAfter(long pfn) => After.PageAt(pfn, Spec.PagesPerBlock);

    /// <summary>The state of a page after, and how many pages from it on share it inside its block, 1 and up.</summary>
    public (PageState State, long Count) RunAfter(long pfn) => RunAt(After, pfn);

    /// <summary>True if the device memory that owns the block (or, for the device itself, any) was in flight before or
    /// is after.</summary>
    public bool InFlight(int block)
    {
        var id = Spec.DeviceMemoryOf(block);
        if (id > 0)
            return InFlight(Name.DeviceMemory(id));
        var range = Spec.PagesOf(block);
        return AnyInFlight(Before, range) || AnyInFlight(After, range);
    }

    /// <summary>True if the named device was in flight before or is after.</summary>
    public bool InFlight(Name device) =>
        (Before.Device(device)?.InFlight ?? false) || (After.Device(device)?.InFlight ?? false);

    /// <summary>True if some balloon was in flight before or is after.</summary>
    public bool BalloonInFlight => Before.BalloonInFlight || After.BalloonInFlight;

    /// <summary>The events of the notifier chain that were sent, in order.</summary>
    public ReadOnlySpan<ChainEvent> Events
    {
        get
        {
            if (_eventCount < 0)
                FindEvents();
            return _events.AsSpan(0, _eventCount);
        }
    }

    /// <summary>The steps that were taken.</summary>
    public EffectKinds StepsTaken => _stepsTaken ??= EffectKinds.In(Outcome.Effects);

    /// <summary>What happened: the start of a run is a change of everything.</summary>
    public Happening Happened
    {
        get
        {
            var happened = _changes > 0 ? Happening.BlocksChanged | Happening.ZonesChanged : Happening.None;
            if (!IsStart && !Answer.IsOk)
                happened |= Happening.Refused;
            if (After.Loans.HasValue || Before.Loans.HasValue)
                happened |= Happening.Loaning;
            if (happened.HasFlag(Happening.ZonesChanged))
                return happened;
            return IsStart || Deviations.Now.Count > 0 || !Before.Zones.SequenceEqual(After.Zones) || AnythingInFlight
                ? happened | Happening.ZonesChanged
                : happened;
        }
    }

    /// <summary>True if some device or balloon was in flight before or is after.</summary>
    public bool AnythingInFlight => BalloonInFlight || DeviceInFlight;

    /// <summary>True if some device was in flight before or is after: steps of its work may be anybody's.</summary>
    public bool DeviceInFlight => Before.DeviceInFlight || After.DeviceInFlight;

    /// <summary>Begins a run of a machine that reports every kind of effect, if any.</summary>
    public void Start(MachineSpec spec, Levels levels, Observation first) =>
        Start(spec, levels, EffectKinds.All, first);

    /// <summary>Begins a run.</summary>
    public void Start(MachineSpec spec, Levels levels, EffectKinds steps, Observation first)
    {
        Spec = spec;
        Levels = levels;
        Steps = steps;
        Deviations.Reset();
        Set(isStart: true, -1, s_nothing, default, default, s_noOutcome, first);
    }

    /// <summary>Takes the next operation of the run.</summary>
    public void Next(int index, Observation before, in Operation operation, in Target target, Outcome outcome, Observation after)
    {
        Deviations.NextOperation();
        Set(isStart: false, index, before, operation, target, outcome, after);
    }

    private static readonly Observation s_nothing = new();
    private static readonly Outcome s_noOutcome = new();

    private void Set(bool isStart, int index, Observation before, in Operation operation, in Target target, Outcome outcome, Observation after)
    {
        IsStart = isStart;
        Index = index;
        Before = before;
        Operation = operation;
        Target = target;
        if (!ReferenceEquals(Outcome, outcome))
            Outcome = outcome;
        After = after;
        _changes = 0;
        _eventCount = -1;
        _stepsTaken = null;
        if (!isStart && after.Touched is { } touched)
            foreach (var block in touched)
                Add(new BlockChange(block, before.Find(block), after.Find(block)));
        else
            CompareStamps(before.Blocks, after.Blocks);
    }

    private void CompareStamps(ReadOnlySpan<BlockObservation> before, ReadOnlySpan<BlockObservation> after)
    {
        int i = 0, j = 0;
        while (i < before.Length || j < after.Length)
        {
            var old = i < before.Length ? before[i].Block : int.MaxValue;
            var now = j < after.Length ? after[j].Block : int.MaxValue;
            if (old < now)
                Add(new BlockChange(old, before[i++], null));
            else if (now < old)
                Add(new BlockChange(now, null, after[j++]));
            else if (before[i].Stamp != after[j].Stamp)
                Add(new BlockChange(now, before[i++], after[j++]));
            else
                (i, j) = (i + 1, j + 1);
        }
    }

    private void Add(in BlockChange change)
    {
        if (_changes == _changed.Length)
            Array.Resize(ref _changed, _changes * 2);
        _changed[_changes++] = change;
    }

    private void FindEvents()
    {
        _eventCount = 0;
        for (var at = 0; ChainEvent.TryFind(Outcome.Effects, at, out var found); at = found.End)
        {
            if (_eventCount == _events.Length)
                Array.Resize(ref _events, _eventCount * 2);
            _events[_eventCount++] = found;
        }
    }

    private (PageState State, long Count) RunAt(Observation shown, long pfn)
    {
        var offset = (int)(pfn % Spec.PagesPerBlock);
        return pfn >= 0 && shown.Find(Spec.BlockOf(pfn)) is { } block && block.Pages.RunAt(offset) is var run
            ? (run.State, run.End - offset)
            : (PageState.NotSeen, 1);
    }

    private static bool AnyInFlight(Observation observation, PageRange range)
    {
        foreach (ref readonly var device in observation.Devices)
            if (device.InFlight && device.Range.Intersects(range))
                return true;
        return false;
    }
}
