using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// Packs a race: numbers by seven bits a byte, small ones first; names of keys and arguments by their place in the
/// tables; what is its default not at all.
/// </summary>
internal sealed class TokenWriter
{
    private readonly List<byte> _bytes = [];

    internal byte[] Written => [.. _bytes];

    internal void Write(long number)
    {
        // The sign goes into the lowest bit: small negative numbers stay small.
        var left = unchecked((ulong)((number << 1) ^ (number >> 63)));
        for (; left > 0x7f; left >>= 7)
            _bytes.Add((byte)(left & 0x7f | 0x80));
        _bytes.Add((byte)left);
    }

    internal void Write(MachineSpec spec)
    {
        var pairs = SpecText.Print(spec).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Write(pairs.Length);
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=');
            var value = pair[(equals + 1)..];
            var key = SpecText.Keys.IndexOf(pair[..equals]);
            Write(key);
            if (key < SpecText.Numbers.Length)
                Write(long.Parse(value));
            else
                Write(value);
        }
    }

    internal void Write(ImmutableArray<Operation> operations)
    {
        Write(operations.Length);
        foreach (var operation in operations)
            Write(operation);
    }

    private void Write(string text)
    {
        Write(text.Length);
        _bytes.AddRange(Encoding.ASCII.GetBytes(text));
    }

    private void Write(in Operation operation)
    {
        var form = OperationTable.Of(operation.Kind);
        Write((int)operation.Kind);
        if (form.Subject != SubjectKind.None)
            Write(operation.Subject);
        var given = 0;
        for (var i = 0; i < form.Parameters.Length; i++)
            if (IsGiven(operation, form.Parameters[i]))
                given |= 1 << i;
        if (!form.Parameters.IsEmpty)
            Write(given);
        for (var i = 0; i < form.Parameters.Length; i++)
        {
            var field = form.Parameters[i].Field;
            if ((given >> i & 1) == 0)
                continue;
            if (field == OperationField.At)
                Write(operation.At);
            else
                Write(OperationTable.Get(operation, field));
        }
    }

    private static bool IsGiven(in Operation operation, OperationParameter parameter) =>
        parameter.Field == OperationField.At
            ? operation.At.Kind != NameKind.None
            : OperationTable.Get(operation, parameter.Field) != parameter.Default;

    private void Write(Name name)
    {
        Write(((int)name.Kind * 4) + (name.Block >= 0 ? 2 : 0) + (name.Page >= 0 ? 1 : 0));
        Write(name.Id);
        if (name.Block >= 0)
            Write(name.Block);
        if (name.Page >= 0)
            Write(name.Page);
    }
}
