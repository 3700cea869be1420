using System.Buffers.Binary;
using System.Text;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// The kernel's own description of its types (/sys/kernel/btf/vmlinux): where a member of a structure lies, what a
/// constant is. Linux: Documentation/bpf/btf.rst.
/// </summary>
internal sealed class Btf
{
    private const int Magic = 0xEB9F, HeaderBytes = 24, TypeBytes = 12;
    private const int Array = 3, Struct = 4, Union = 5, Enum = 6, Function = 12, FunctionPrototype = 13, Int = 1;
    private const int Variable = 14, Section = 15, DeclarationTag = 17, Enum64 = 19;

    private readonly byte[] _data;
    private readonly int _strings;
    private readonly List<int> _types = [0];

    /// <summary>Reads the description. Throws <see cref="FormatException"/> if it is none.</summary>
    internal Btf(byte[] data)
    {
        _data = data;
        if (data.Length < HeaderBytes || BinaryPrimitives.ReadUInt16LittleEndian(data) != Magic)
            throw new FormatException("not BTF: expected the magic number 0xeb9f");
        var header = Word(4);
        var first = header + Word(8);
        _strings = header + Word(16);
        for (var at = first; at < first + Word(12); at += TypeBytes + ExtraBytes(at))
            _types.Add(at);
    }

    /// <summary>Byte offset of a member, also of anonymous structures and unions inside; −1 if there is none.</summary>
    internal int OffsetOf(string structure, string member)
    {
        foreach (var at in _types.Skip(1))
            if (KindOf(at) == Struct && NameOf(at) == structure && Find(at, member) is var bits and >= 0)
                return bits / 8;
        return -1;
    }

    /// <summary>Bytes of a structure; −1 if there is none.</summary>
    internal int SizeOf(string structure)
    {
        foreach (var at in _types.Skip(1))
            if (KindOf(at) == Struct && NameOf(at) == structure)
                return Word(at + 8);
        return -1;
    }

    /// <summary>The constants of an enumeration; empty if there is none.</summary>
    internal Dictionary<string, int> Constants(string enumeration)
    {
        var constants = new Dictionary<string, int>();
        foreach (var at in _types.Skip(1))
            if (KindOf(at) == Enum && NameOf(at) == enumeration)
                for (var i = 0; i < CountOf(at); i++)
                    constants[Text(Word(at + TypeBytes + (i * 8)))] = Word(at + TypeBytes + (i * 8) + 4);
        return constants;
    }

    /// <summary>Names of a function's parameters, in order; empty if there is none, or none that is
    /// described.</summary>
    internal IReadOnlyList<string> ParametersOf(string function)
    {
        foreach (var at in _types.Skip(1))
            if (KindOf(at) == Function && NameOf(at) == function)
            {
                var prototype = _types[Word(at + 8)];
                return [.. Enumerable.Range(0, CountOf(prototype))
                    .Select(i => Text(Word(prototype + TypeBytes + (i * 8))))];
            }

        return [];
    }

    private int Find(int structure, string member)
    {
        for (var i = 0; i < CountOf(structure); i++)
        {
            var at = structure + TypeBytes + (i * 12);
            var offset = Word(at + 8);
            var bits = HasBitFields(structure) ? offset & 0xFF_FFFF : offset;
            var name = Text(Word(at));
            if (name == member)
                return bits;
            var type = _types[Word(at + 4)];
            if (name.Length == 0 && KindOf(type) is Struct or Union && Find(type, member) is var inner and >= 0)
                return bits + inner;
        }

        return -1;
    }

    private int ExtraBytes(int at) => KindOf(at) switch
    {
        Int or Variable or DeclarationTag => 4,
        Array => 12,
        Struct or Union or Section or Enum64 => CountOf(at) * 12,
        Enum or FunctionPrototype => CountOf(at) * 8,
        _ => 0,
    };

    private int KindOf(int at) => (Word(at + 4) >> 24) & 0x1F;

    private int CountOf(int at) => Word(at + 4) & 0xFFFF;

    private bool HasBitFields(int at) => Word(at + 4) < 0;

    private string NameOf(int at) => Text(Word(at));

    private string Text(int offset)
    {
        var start = _strings + offset;
        return Encoding.ASCII.GetString(_data, start, System.Array.IndexOf(_data, (byte)0, start) - start);
    }

    private int Word(int at) => BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(at));
}
