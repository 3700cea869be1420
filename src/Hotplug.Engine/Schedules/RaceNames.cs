using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// What names stand for while operations overlap. A name that a CPU creates is known to that CPU only; the first CPU
/// that would create it has it.
/// </summary>
internal sealed class RaceNames
{
    private readonly Bindings _bindings = new();
    private readonly Dictionary<Name, int> _owners = [];
    private readonly int[] _followed = new int[Scheduler.MostCpus];

    /// <summary>Which CPU has which name; does not change while the race runs.</summary>
    internal void Assign(Race race, Bindings prefix)
    {
        _owners.Clear();
        foreach (var name in prefix.Bound)
            _owners[name] = -1;
        for (var cpu = 0; cpu < race.Cpus.Length; cpu++)
            foreach (var operation in race.Cpus[cpu])
                if (operation.Kind is OperationKind.Add or OperationKind.Alloc or OperationKind.Contig)
                    _owners.TryAdd(operation.Subject, cpu);
    }

    /// <summary>The race begins once more.</summary>
    internal void Begin(Bindings prefix) => _bindings.CopyFrom(prefix);

    /// <summary>Where the operation's names point now; false if the CPU does not know one of them.</summary>
    internal bool TryResolve(int cpu, in Operation operation, out Target target)
    {
        _followed[cpu] = 0;
        target = default;
        return IsKnownTo(cpu, operation.Subject) && IsKnownTo(cpu, operation.At)
            && _bindings.TryResolve(operation, out target);
    }

    /// <summary>After every step: what the CPU's operation chose since.</summary>
    internal void Follow(int cpu, in Operation operation, Outcome outcome)
    {
        var witness = outcome.Witness;
        for (; _followed[cpu] < witness.Length; _followed[cpu]++)
            _bindings.FollowStep(operation, witness[_followed[cpu]]);
    }

    /// <summary>The CPU's operation returned.</summary>
    internal void End(int cpu, in Operation operation, in Target target, Outcome outcome)
    {
        Follow(cpu, operation, outcome);
        _bindings.FollowEnd(operation, target, outcome);
    }

    private bool IsKnownTo(int cpu, Name name) => name.Kind is not (NameKind.Device or NameKind.Allocation)
        || !_owners.TryGetValue(name with { Block = -1, Page = -1 }, out var owner) || owner < 0 || owner == cpu;
}
