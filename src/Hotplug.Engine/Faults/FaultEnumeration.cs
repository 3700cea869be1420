using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Faults;

/// <summary>
/// Faults on purpose, all of them: of every operation of a sequence the 1st, the 2nd, … the k-th internal step of every
/// kind fails, until there is none left to fail. Each is a run of its own – everything before, the fault, the
/// operation, the same again without it, and what follows – in which everything is judged as ever: after a failure the
/// machine is what it was before.
/// </summary>
/// <remarks>
/// That a fault struck is an effect (<see cref="EffectKind.FaultInjected"/>): it takes a machine of the levels
/// <see cref="Levels.Faults"/> and <see cref="Levels.Effects"/> that reports it.
/// </remarks>
public sealed class FaultEnumeration : IDisposable
{
    /// <summary>Operations after the one that failed, which show what it may have left behind.</summary>
    private const int Following = 3;

    /// <summary>Machines with larger blocks have thousands of steps of a kind: they show nothing that small ones do
    /// not.</summary>
    private const int MostPagesPerBlock = 256;

    private static readonly VetoPoint[] s_points = Enum.GetValues<VetoPoint>();

    private readonly Rig _rig;
    private readonly FaultWatch _machine;
    private readonly Dictionary<(OperationKind Operation, VetoPoint Point), (long Struck, long Most)> _points = [];

    /// <summary>Over the rig's machine, which stays the caller's.</summary>
    public FaultEnumeration(Rig rig)
    {
        _rig = rig;
        _machine = new FaultWatch(rig.Machine);
        Runner = new Runner(_machine, rig.Suite);
    }

    /// <summary>What runs and judges.</summary>
    public Runner Runner { get; }

    /// <summary>What was struck, by operation and kind of step.</summary>
    public ImmutableArray<FaultPoints> Points =>
    [
        .. _points.Select(static p => new FaultPoints(p.Key.Operation, p.Key.Point, p.Value.Struck, p.Value.Most))
            .OrderBy(static p => p.Operation).ThenBy(static p => p.Point),
    ];

    /// <inheritdoc/>
    public void Dispose() => _machine.Dispose();

    /// <summary>True if a machine can be asked.</summary>
    public static bool AppliesTo(MachineIdentity machine) => machine.Levels.HasFlag(Levels.Faults | Levels.Effects)
        && machine.Effects.Has(EffectKind.FaultInjected);

    /// <summary>
    /// Strikes everything in one sequence of the rig's; false if a rule was broken: <see cref="Run.Runner.LastResult"/>
    /// of the runner has the run.
    /// </summary>
    public bool Enumerate(ref SplitMix random, int operations)
    {
        var levels = Runner.Identity.Levels;
        var spec = _rig.Sequences.DrawSpec(ref random, levels);
        var source = _rig.Sequences.DrawSource(ref random, spec, levels);
        if (spec.PagesPerBlock > MostPagesPerBlock)
            return true;
        var isKept = Walk(spec, source, operations);
        return isKept && Enumerate(spec, [.. Runner.Executed.ToArray().Where(static o => o.Kind != OperationKind.Veto)]);
    }

    /// <summary>Strikes everything in these operations; false if a rule was broken.</summary>
    public bool Enumerate(MachineSpec spec, ImmutableArray<Operation> operations)
    {
        for (var i = 0; i < operations.Length; i++)
            foreach (var point in s_points)
                if (!Strike(spec, operations, i, point))
                    return false;
        return true;
    }

    private bool Strike(MachineSpec spec, ImmutableArray<Operation> operations, int index, VetoPoint point)
    {
        var end = Math.Min(operations.Length, index + 1 + Following);
        for (var k = 1; ; k++)
        {
            Operation[] faulted =
            [
                .. operations.AsSpan(..index), Operation.Veto(point, k, ErrnoOf(point)), operations[index],
                .. operations.AsSpan(index..end),
            ];
            if (!Walk(spec, new TraceSource([.. faulted]), faulted.Length))
                return false;

            // What an operation does not use up strikes in a later one: that is counted there.
            if (_machine.StruckIn != operations[index])
                return true;
            Count(operations[index].Kind, point, k);
        }
    }

    private void Count(OperationKind operation, VetoPoint point, int k)
    {
        var (struck, most) = _points.GetValueOrDefault((operation, point));
        _points[(operation, point)] = (struck + 1, Math.Max(most, k));
    }

    private bool Walk(MachineSpec spec, IOperationSource source, int operations) =>
        Runner.Walk(spec, source, operations) == Verdict.Conforms;

    // A migration that fails is tried again, unless memory ran out for it. The others: an errno that nothing else
    // gives.
    private static Errno ErrnoOf(VetoPoint point) => point == VetoPoint.Notifier ? Errno.EIO : Errno.ENOMEM;
}
