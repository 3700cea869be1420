using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Tests.Engine.Fakes;

/// <summary>
/// A machine of a few blocks of 8 pages that does just enough to be driven, and whatever else a test hooks in. It
/// remembers what it was asked.
/// </summary>
internal sealed class FakeMachine : IMachine
{
    private readonly SortedDictionary<int, BlockState> _blocks = [];
    private long _nextPage;
    private long _version;

    internal static MachineSpec Spec { get; } = new()
    {
        PagesPerPageblock = 4,
        PagesPerSection = 8,
        MaxOrder = 2,
        BootBlocks = 1,
        DimmFirstBlock = 4,
        DimmBlocks = 8,
    };

    /// <summary>Operations that reached the machine, and where their names pointed.</summary>
    internal List<(Operation Operation, Target Target)> Asked { get; } = [];

    /// <summary>Called instead of the usual behaviour; true if it did the work.</summary>
    internal Func<Operation, Target, Outcome, bool>? Instead { get; init; }

    /// <summary>Called at the end of every observation.</summary>
    internal Action<Observation>? AlsoObserve { get; init; }

    /// <summary>Called when the machine starts.</summary>
    internal Action? AtReset { get; init; }

    /// <summary>Called when it is given up.</summary>
    internal Action? AtDispose { get; init; }

    internal bool IsDisposed { get; private set; }

    public MachineIdentity Identity { get; init; } =
        new("fake", "1", Levels.Core | Levels.Balloon, Visibility.Blocks | Visibility.Zones);

    public void Reset(MachineSpec spec)
    {
        AtReset?.Invoke();
        _blocks.Clear();
        _blocks[0] = BlockState.Online;
        _nextPage = 0;
        _version++;
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        Asked.Add((operation, target));
        if (Instead?.Invoke(operation, target, outcome) == true)
            return;
        switch (operation.Kind)
        {
            case OperationKind.Add:
                Add(operation, outcome);
                break;
            case OperationKind.Online or OperationKind.OnlineMovable or OperationKind.OnlineKernel:
                Change(target, BlockState.Offline, BlockState.Online, outcome);
                break;
            case OperationKind.Offline:
                Change(target, BlockState.Online, BlockState.Offline, outcome);
                break;
            case OperationKind.Remove:
                for (var pfn = target.Range.Start; pfn < target.Range.End; pfn += Spec.PagesPerBlock)
                    _blocks.Remove(Spec.BlockOf(pfn));
                break;
            case OperationKind.Alloc:
                outcome.Add(new Witness(WitnessRole.Taken, new PageRange(_nextPage, operation.Amount)));
                _nextPage += operation.Amount;
                break;
        }
    }

    public void Observe(Observation observation)
    {
        observation.Begin(whole: true);
        observation.Visible = Identity.Visible;
        foreach (var (number, state) in _blocks)
        {
            var block = observation.Open(number);
            block.State = state;
            block.Stamp = _version;
            block.Pages.Clear();
            block.Pages.Add(Spec.PagesPerBlock, PageState.Free(0));
            observation.Close(block);
        }

        AlsoObserve?.Invoke(observation);
        observation.End();
        _version++;
    }

    public void Dispose()
    {
        IsDisposed = true;
        AtDispose?.Invoke();
    }

    private void Add(in Operation operation, Outcome outcome)
    {
        var first = Spec.DimmFirstBlock;
        while (_blocks.ContainsKey(first))
            first++;
        for (var i = 0; i < operation.Amount / Spec.PagesPerBlock; i++)
            _blocks[first + i] = BlockState.Offline;
        outcome.Add(new Witness(WitnessRole.Placed, new PageRange((long)first * Spec.PagesPerBlock, operation.Amount)));
    }

    private void Change(Target target, BlockState from, BlockState to, Outcome outcome)
    {
        var block = Spec.BlockOf(target.Range.Start);
        if (_blocks.TryGetValue(block, out var state) && state == from)
            _blocks[block] = to;
        else
            outcome.Answer = Answer.Of(Errno.EINVAL);
    }
}
