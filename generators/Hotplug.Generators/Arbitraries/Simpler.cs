using Hotplug.Contract.Machines;
using Hotplug.Contract.Traces;

namespace Hotplug.Generators.Arbitraries;

/// <summary>
/// Simpler values for properties of texts, where running something decides nothing. Each is simpler than what it came
/// from, so that shrinking ends.
/// </summary>
internal static class Simpler
{
    private static readonly MachineSpec s_default = new();

    /// <summary>The spec with one number, or one list, as by default, where that is coherent.</summary>
    internal static IEnumerable<MachineSpec> Specs(MachineSpec spec) =>
        Candidates(spec).Where(static candidate => SpecRules.Check(candidate) is null);

    /// <summary>The trace without a half, without one operation, without notes, with a simpler spec.</summary>
    internal static IEnumerable<Trace> Traces(Trace trace)
    {
        var operations = trace.Operations;
        var half = operations.Length / 2;
        if (half > 0)
        {
            yield return trace with { Operations = operations[..half] };
            yield return trace with { Operations = operations[half..] };
        }

        for (var i = 0; i < operations.Length; i++)
            yield return trace with { Operations = operations.RemoveAt(i) };
        if (!trace.Notes.IsEmpty)
            yield return trace with { Notes = [] };
        foreach (var spec in Specs(trace.Spec))
            yield return trace with { Spec = spec };
    }

    private static IEnumerable<MachineSpec> Candidates(MachineSpec spec)
    {
        foreach (var number in SpecText.Numbers)
            if (number.Get(spec) != number.Get(s_default))
                yield return number.With(spec, number.Get(s_default));
        if (!spec.DeviceMemories.IsEmpty)
            yield return spec with { DeviceMemories = [] };
        if (!spec.Balloons.IsEmpty)
            yield return spec with { Balloons = [] };
        if (!spec.Notifiers.SequenceEqual(s_default.Notifiers))
            yield return spec with { Notifiers = s_default.Notifiers };
    }
}
