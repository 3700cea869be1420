using System.Numerics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy behind the contract of every machine.</summary>
public sealed class ToyMachine(ToyFault fault) : IMachine
{
    private const int EveryBlock = (1 << ToyMemory.Blocks) - 1;

    private static readonly PageState s_free = PageState.Free(0);
    private static readonly PageState s_allocated = new(PageFlags.InUse, 0, 0, 1);
    private static readonly PageState s_inflated = new(PageFlags.Offline, 0, 0, 1);

    private readonly ToyMemory _memory = new(fault);
    private int _touched;
    private int _touchedBefore;
    private long _version;

    /// <inheritdoc/>
    public MachineIdentity Identity { get; } = new("toy", "1", Levels.Core | Levels.Balloon,
        Visibility.Blocks | Visibility.PageTypes | Visibility.Placement);

    /// <inheritdoc/>
    public void Reset(MachineSpec spec)
    {
        _memory.Reset();
        _touched = EveryBlock;
        _touchedBefore = EveryBlock;
        _version++;
    }

    /// <inheritdoc/>
    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        var step = ToyOperations.StepOf(operation);
        var result = _memory.Do(step);
        _touchedBefore = _touched;
        _touched = _memory.Touched;
        _version++;
        if (result == ToyMemory.Refused)
            outcome.Answer = Answer.Of(Errno.EINVAL);
        else if (step.Kind >= ToyKind.Alloc)
            outcome.Add(new Witness(
                step.Kind is ToyKind.Alloc or ToyKind.Inflate ? WitnessRole.Taken : WitnessRole.Released,
                step.Kind >= ToyKind.Inflate ? new PageRange(0, result) : new PageRange(result, 1)));
    }

    /// <inheritdoc/>
    public void Observe(Observation observation)
    {
        // The engine writes two buffers in turn: this one misses what the last two operations touched.
        var isKnown = observation.Writer == this && observation.Version == _version - 2;
        observation.Begin(whole: false);
        observation.Visible = Identity.Visible;
        observation.Writer = this;
        observation.Version = _version;
        observation.TracksTouched();
        for (var left = isKnown ? _touched | _touchedBefore : EveryBlock; left != 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            if ((_touched >> block & 1) != 0)
                observation.Touch(block);
            if ((_memory.Present >> block & 1) == 0)
                observation.Remove(block);
            else
                Write(observation.Open(block), observation);
        }

        observation.End();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing to give back.
    }

    private void Write(BlockObservation seen, Observation observation)
    {
        var block = seen.Block;
        seen.Stamp = _version;
        seen.State = (_memory.Online >> block & 1) != 0 ? BlockState.Online : BlockState.Offline;
        seen.Pages.Clear();
        WriteRuns(seen.Pages, _memory.Allocated(block), _memory.Inflated(block));
        observation.Close(seen);
    }

    // A shift right brings in zeros at the top: so runs of set bits end by themselves, those of free pages at the
    // border.
    private static void WriteRuns(PageRuns runs, ulong allocated, ulong inflated)
    {
        for (var left = ToyMemory.PagesPerBlock; left > 0;)
        {
            int count;
            if ((allocated & 1) != 0)
            {
                count = BitOperations.TrailingZeroCount(~allocated);
                runs.Add(count, s_allocated);
            }
            else if ((inflated & 1) != 0)
            {
                count = BitOperations.TrailingZeroCount(~inflated);
                runs.Add(count, s_inflated);
            }
            else
            {
                count = Math.Min(BitOperations.TrailingZeroCount(allocated | inflated), left);
                runs.Add(count, s_free);
            }

            left -= count;
            if (left == 0)
                return;
            allocated >>= count;
            inflated >>= count;
        }
    }
}
