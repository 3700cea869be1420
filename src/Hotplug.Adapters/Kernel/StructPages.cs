using System.Buffers.Binary;
using System.Text;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// Struct pages as they lie in the guest's memory, made into the text of a recording. Where fields and flags are comes
/// from the kernel's own description of its types; the text uses the numbers of 6.1.
/// </summary>
internal sealed class StructPages
{
    /// <summary>
    /// Where they lie with nokaslr and four levels of page tables: Documentation/arch/x86/x86_64/mm.rst.
    /// </summary>
    internal const long VmemmapBase = unchecked((long)0xFFFF_EA00_0000_0000);

    /// <summary>Flags that the text tells, with their number in 6.1 (include/linux/page-flags.h).</summary>
    private static readonly (string Name, int Number)[] s_flags =
    [
        ("PG_locked", 0), ("PG_dirty", 3), ("PG_lru", 4), ("PG_slab", 9), ("PG_owner_priv_1", 10), ("PG_reserved", 12),
        ("PG_head", 16), ("PG_swapbacked", 19), ("PG_unevictable", 20), ("PG_mlocked", 21), ("PG_hwpoison", 23),
    ];

    private const uint Buddy61 = 0xFFFF_FF7F, Offline61 = 0xFFFF_FEFF, Table61 = 0xFFFF_FDFF, Untyped = 0xFFFF_FFFF;
    private const uint Slab = 0xF500_0000;
    private const ulong SlabFlag = 1UL << 9;
    private const int NodeShift = 54, ZoneShift = 51, ZoneMask = 7;

    private readonly List<(ulong From, ulong To)> _flags = [];
    private readonly ulong _poison;
    private readonly int _references;
    private readonly int _type;
    private readonly int _private;
    private readonly Dictionary<byte, string> _types = [];

    /// <summary>
    /// Reads what it needs. Throws <see cref="FormatException"/> if the kernel's struct page is not understood.
    /// </summary>
    internal StructPages(Btf types)
    {
        Bytes = types.SizeOf("page");
        _references = types.OffsetOf("page", "_refcount");
        _type = types.OffsetOf("page", "page_type");
        _private = types.OffsetOf("page", "private");
        var numbers = types.Constants("pageflags");
        if (Bytes < 1 || _references < 0 || _type < 0 || _private < 0 || numbers.Count == 0)
            throw new FormatException("the kernel's types do not tell of struct page: "
                + "_refcount, page_type, private and enum pageflags are needed");
        foreach (var (name, number) in s_flags)
            if (numbers.TryGetValue(name, out var its))
                _flags.Add((1UL << its, 1UL << number));

        _poison = numbers.TryGetValue("PG_hwpoison", out var poison) ? 1UL << poison : 0;

        // From 6.11 on a page type is a number in the top byte.
        foreach (var (name, number) in types.Constants("pagetype"))
            _types[(byte)number] = name;
    }

    /// <summary>Bytes of one struct page.</summary>
    internal int Bytes { get; }

    /// <summary>
    /// Runs of equal pages: <c>offset+length:n1z3.f….t….r…</c>, free chunks as <c>b&lt;order&gt;</c>, poisoned pages of
    /// one with a <c>p</c>.
    /// </summary>
    internal string Print(ReadOnlySpan<byte> memory)
    {
        var text = new StringBuilder();
        var pages = memory.Length / Bytes;
        var (run, start, chunk, chunkEnd) = (default(Page), 0, default(Page), 0);
        for (var at = 0; at < pages; at++)
        {
            var page = memory.Slice(at * Bytes, Bytes);
            if (at >= chunkEnd)
            {
                chunk = Describe(page, out var length);
                chunkEnd = at + length;
            }

            // The tail pages of a free chunk hold what they held before: the head speaks for them, but for poison.
            var what = chunk with { IsPoisoned = chunk.IsFree && IsPoisoned(page) };
            if (at > 0 && what == run)
                continue;
            Append(text, start, at, run);
            (run, start) = (what, at);
        }

        Append(text, start, pages, run);
        return text.ToString();
    }

    private static void Append(StringBuilder text, int start, int end, Page run)
    {
        if (end > start)
            text.Append(text.Length == 0 ? "" : " ").Append(start).Append('+').Append(end - start)
                .Append(":n").Append(run.Place >> 3).Append('z').Append(run.Place & ZoneMask)
                .Append('.').Append(Print(run));
    }

    private bool IsPoisoned(ReadOnlySpan<byte> page) => (BinaryPrimitives.ReadUInt64LittleEndian(page) & _poison) != 0;

    private static int Place(ReadOnlySpan<byte> page)
    {
        var flags = BinaryPrimitives.ReadUInt64LittleEndian(page);
        return (int)((flags >> NodeShift) << 3) | (int)((flags >> ZoneShift) & ZoneMask);
    }

    private Page Describe(ReadOnlySpan<byte> page, out int length)
    {
        length = 1;
        var type = TypeOf(BinaryPrimitives.ReadUInt32LittleEndian(page[_type..]));
        if (type == Buddy61)
        {
            var order = (int)BinaryPrimitives.ReadUInt64LittleEndian(page[_private..]);
            if (order is >= 0 and <= 12)
            {
                length = 1 << order;
                return new Page(Place(page), true, false, (ulong)order, type, 0);
            }
        }

        var raw = BinaryPrimitives.ReadUInt64LittleEndian(page);
        var flags = type == Slab ? SlabFlag : 0;
        foreach (var (from, to) in _flags)
            if ((raw & from) != 0)
                flags |= to;
        var references = BinaryPrimitives.ReadInt32LittleEndian(page[_references..]);
        return new Page(Place(page), false, false, flags, type, references);
    }

    // 6.1: a type is a bit cleared in −256…; later it is the top byte.
    private uint TypeOf(uint raw)
    {
        if (_types.Count == 0 || raw == Untyped || !_types.TryGetValue((byte)(raw >> 24), out var name))
            return raw;
        return name switch
        {
            "PGTY_buddy" => Buddy61,
            "PGTY_offline" => Offline61,
            "PGTY_table" => Table61,
            "PGTY_slab" => Slab,
            _ => raw,
        };
    }

    private static string Print(Page page)
    {
        if (page.IsFree)
            return $"b{page.Flags}{(page.IsPoisoned ? "p" : "")}";
        var type = page.Type == Untyped ? "-"
            : page.Type <= int.MaxValue ? $"m{(long)page.Type + 1}"
            : page.Type.ToString("x8");
        return $"f{page.Flags:x}.t{type}.r{page.References}";
    }

    private readonly record struct Page(
        int Place, bool IsFree, bool IsPoisoned, ulong Flags, uint Type, int References);
}
