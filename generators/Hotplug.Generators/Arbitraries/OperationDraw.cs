using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Arbitraries;

/// <summary>
/// Any operation that the table allows, of every level, whether it makes sense or not: read off the table of forms, so
/// an operation that is added there is generated here.
/// </summary>
internal static class OperationDraw
{
    internal static Operation Any(ref SplitMix random)
    {
        var forms = OperationTable.Forms;
        var form = forms[random.Below(forms.Length)];
        var operation = new Operation { Kind = form.Kind, Subject = NameDraw.Subject(ref random, form.Subject) };
        foreach (var parameter in form.Parameters)
            operation = parameter.Field == OperationField.At
                ? operation with { At = NameDraw.Place(ref random) }
                : OperationTable.With(operation, parameter.Field, Value(ref random, parameter));
        return operation;
    }

    private static long Value(ref SplitMix random, OperationParameter parameter)
    {
        if (parameter.Default is { } value && random.Chance(40))
            return value;
        var (low, high) = (parameter.Low, parameter.High);
        return random.Below(4) switch
        {
            0 => low,
            1 => high,
            2 => low + random.Below(Math.Min(high - low, 100) + 1),
            _ => low + random.Below(high - low),
        };
    }
}
