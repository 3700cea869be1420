using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>Unpacks what <see cref="TokenWriter"/> packed. Throws <see cref="FormatException"/> for anything else.</summary>
internal sealed class TokenReader(byte[] bytes)
{
    private const int MostOperations = 1_000;

    private int _next;

    internal Race ReadRace()
    {
        var spec = ReadSpec();
        var prefix = ReadOperations();
        var cpus = new ImmutableArray<Operation>[ReadCount(Scheduler.MostCpus, "cpus")];
        for (var i = 0; i < cpus.Length; i++)
            cpus[i] = ReadOperations();
        return new Race(spec, prefix, [.. cpus]);
    }

    internal Schedule ReadSchedule()
    {
        var switches = ImmutableArray.CreateBuilder<Switch>();
        var step = 0;
        while (_next < bytes.Length)
        {
            var packed = ReadCount(int.MaxValue / 2, "steps");
            step = (int)Math.Min((long)step + (packed / Scheduler.MostCpus), int.MaxValue);
            switches.Add(new Switch(step, packed % Scheduler.MostCpus));
        }

        return new Schedule(switches.ToImmutable());
    }

    private MachineSpec ReadSpec()
    {
        var spec = new MachineSpec();
        for (var left = ReadCount(SpecText.Keys.Length, "settings of the machine"); left > 0; left--)
        {
            var key = ReadCount(SpecText.Keys.Length - 1, "settings of the machine");
            var value = key < SpecText.Numbers.Length ? Read().ToString() : ReadText();
            if (!SpecText.TryApply(ref spec, SpecText.Keys[key], value, out var error))
                throw new FormatException(error);
        }

        return spec;
    }

    private ImmutableArray<Operation> ReadOperations()
    {
        var operations = new Operation[ReadCount(MostOperations, "operations")];
        for (var i = 0; i < operations.Length; i++)
            operations[i] = ReadOperation();
        return [.. operations];
    }

    private Operation ReadOperation()
    {
        var form = OperationTable.Forms[ReadCount(OperationTable.Forms.Length - 1, "an operation")];
        var operation = new Operation { Kind = form.Kind };
        if (form.Subject != SubjectKind.None)
            operation = operation with { Subject = ReadName() };
        var given = form.Parameters.IsEmpty ? 0 : ReadCount((1 << form.Parameters.Length) - 1, "arguments");
        for (var i = 0; i < form.Parameters.Length; i++)
        {
            var parameter = form.Parameters[i];
            if (parameter.Field == OperationField.At)
                operation = (given >> i & 1) == 1 ? operation with { At = ReadName() } : operation;
            else
                operation = OperationTable.With(operation, parameter.Field,
                    (given >> i & 1) == 1 ? Read(parameter) : parameter.Default ?? parameter.Low);
        }

        return operation;
    }

    private long Read(OperationParameter parameter)
    {
        var value = Read();
        return value >= parameter.Low && value <= parameter.High ? value
            : throw new FormatException(
                $"{parameter.Key}={value}: allowed is a number from {parameter.Low} to {parameter.High}");
    }

    private Name ReadName()
    {
        var form = ReadCount(((int)NameKind.RawPage * 4) + 3, "a name");
        var id = ReadCount(int.MaxValue, "a name");
        return new Name((NameKind)(form / 4), id,
            (form & 2) == 0 ? -1 : ReadCount(int.MaxValue, "a block"), (form & 1) == 0 ? -1 : Math.Max(Read(), 0));
    }

    private string ReadText()
    {
        var length = ReadCount(bytes.Length, "text");
        if (length > bytes.Length - _next)
            throw new FormatException("the token is cut short");
        _next += length;
        return Encoding.ASCII.GetString(bytes, _next - length, length);
    }

    private int ReadCount(long most, string what)
    {
        var value = Read();
        return value >= 0 && value <= most ? (int)value
            : throw new FormatException($"the token is damaged: {value} for {what}, at most {most} are allowed");
    }

    private long Read()
    {
        ulong read = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_next == bytes.Length)
                throw new FormatException("the token is cut short");
            var next = bytes[_next++];
            read |= unchecked((ulong)(next & 0x7f) << shift);
            if (next < 0x80)
                return unchecked((long)(read >> 1) ^ -(long)(read & 1));
        }

        throw new FormatException("the token is damaged: a number of more than 64 bits");
    }
}
