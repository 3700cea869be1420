using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;

namespace Hotplug.Engine.Shrink;

/// <summary>
/// What <em>simpler</em> means, once: fewer operations; then smaller numbers from the left, an operation's kind
/// counting as a number; then a simpler machine, by the measures of <see cref="SpecMeasures"/>.
/// </summary>
public static class TraceOrder
{
    /// <summary>Negative if the first trace is simpler, 0 if neither is.</summary>
    public static int Compare(Trace one, Trace other)
    {
        var operations = Compare(one.Operations.AsSpan(), other.Operations.AsSpan());
        return operations != 0 ? operations : SpecMeasures.Compare(one.Spec, other.Spec);
    }

    /// <summary>As above, for sequences on the same machine.</summary>
    public static int Compare(ReadOnlySpan<Operation> one, ReadOnlySpan<Operation> other)
    {
        if (one.Length != other.Length)
            return one.Length.CompareTo(other.Length);
        for (var i = 0; i < one.Length; i++)
            if (Compare(one[i], other[i]) is var order and not 0)
                return order;
        return 0;
    }

    /// <summary>
    /// As above, for single operations: the kind, the subject, then the arguments in the order of the text form.
    /// </summary>
    public static int Compare(in Operation one, in Operation other)
    {
        if (one.Kind != other.Kind)
            return one.Kind.CompareTo(other.Kind);
        if (Compare(one.Subject, other.Subject) is var subject and not 0)
            return subject;
        foreach (var parameter in OperationTable.Of(one.Kind).Parameters)
        {
            var order = parameter.Field == OperationField.At
                ? Compare(one.At, other.At)
                : OperationTable.Get(one, parameter.Field).CompareTo(OperationTable.Get(other, parameter.Field));
            if (order != 0)
                return order;
        }

        return 0;
    }

    /// <summary>As above, for names: what it starts from, its number, its block, its page.</summary>
    public static int Compare(Name one, Name other)
    {
        if (one.Kind != other.Kind)
            return one.Kind.CompareTo(other.Kind);
        if (one.Id != other.Id)
            return one.Id.CompareTo(other.Id);
        return one.Block != other.Block ? one.Block.CompareTo(other.Block) : one.Page.CompareTo(other.Page);
    }
}
