using System.Globalization;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Shrink;

namespace Hotplug.Engine.Explain;

/// <summary>Other values of a number of an operation: every word, and of numbers those around it.</summary>
internal static class OtherValues
{
    private const int MostTried = 8;

    // Errors that callbacks give back; which one it is hardly ever matters.
    private static readonly Errno[] s_errnos = [Errno.EPERM, Errno.EIO, Errno.ENOMEM, Errno.EBUSY];

    internal static IEnumerable<long> Of(Operation operation, OperationNumber number, MachineSpec spec)
    {
        var value = number.Get(operation);
        var (low, high, words) = Bounds(operation, number, spec);
        IEnumerable<long> others = number.Place == NumberPlace.Field && number.Field == OperationField.Errno
            ? s_errnos.Select(static e => (long)e)
            : words > 0 ? Enumerable.Range(0, words).Select(static v => (long)v)
            : Around(value, spec.PagesPerBlock, number);
        return others.Where(v => v != value && v >= low && v <= high).Distinct().Order().Take(MostTried);
    }

    internal static string Print(in Operation operation, OperationNumber number, long value)
    {
        if (number.Place != NumberPlace.Field)
            return value.ToString(CultureInfo.InvariantCulture);
        var words = ParameterOf(operation, number).Words;
        return number.Field == OperationField.Errno ? ErrnoText.Print((Errno)value)
            : words.IsEmpty ? value.ToString(CultureInfo.InvariantCulture) : words[(int)value];
    }

    internal static OperationParameter ParameterOf(in Operation operation, OperationNumber number) =>
        OperationTable.Of(operation.Kind).Parameters.First(p => p.Field == number.Field);

    // Pages by the block too: what does not fail with a page more may fail with a block more.
    private static long[] Around(long value, int block, OperationNumber number) =>
        number.Field == OperationField.Amount && number.Place == NumberPlace.Field && value < int.MaxValue
            ? [value - 1, value + 1, value * 2, value + block, value - block]
            : [value - 1, value + 1];

    private static (long Low, long High, int Words) Bounds(in Operation operation, OperationNumber number, MachineSpec spec)
    {
        switch (number.Place)
        {
            case NumberPlace.Field:
                var parameter = ParameterOf(operation, number);
                // Nodes and CPUs that the machine does not have say nothing.
                var high = number.Field switch
                {
                    OperationField.Node => spec.Nodes - 1,
                    OperationField.Cpu => spec.Cpus - 1,
                    OperationField.Order => spec.MaxOrder,
                    _ => parameter.High,
                };
                return (parameter.Low, high, parameter.Words.Length);
            case NumberPlace.SubjectPage or NumberPlace.AtPage:
                return (0, spec.PagesPerBlock - 1, 0);
            default:
                return (0, int.MaxValue, 0);
        }
    }
}
