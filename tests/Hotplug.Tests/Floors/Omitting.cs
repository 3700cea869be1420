using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Tests.Floors;

/// <summary>Sequences without some machines, or without some operations: those are drawn again.</summary>
internal sealed class Omitting(ISequences sequences, Predicate<MachineSpec>? specs, Predicate<Operation>? operations)
    : ISequences
{
    public MachineSpec DrawSpec(ref SplitMix random, Levels levels)
    {
        var spec = sequences.DrawSpec(ref random, levels);
        while (specs?.Invoke(spec) == true)
            spec = sequences.DrawSpec(ref random, levels);
        return spec;
    }

    public IOperationSource DrawSource(ref SplitMix random, MachineSpec spec, Levels levels)
    {
        var source = sequences.DrawSource(ref random, spec, levels);
        return operations is null ? source : new Source(source, operations);
    }

    private sealed class Source(IOperationSource source, Predicate<Operation> omitted) : IOperationSource
    {
        public bool NeedsMenu => source.NeedsMenu;

        public void Begin(MachineSpec spec, Levels levels) => source.Begin(spec, levels);

        public bool TryNext(Menu menu, out Operation operation)
        {
            do
            {
                if (!source.TryNext(menu, out operation))
                    return false;
            }
            while (omitted(operation));

            return true;
        }
    }
}
