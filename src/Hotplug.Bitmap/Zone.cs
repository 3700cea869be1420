using System.Diagnostics;
using Hotplug.Contract.Observations;

namespace Hotplug.Bitmap;

/// <summary>One zone: its counters, its online blocks, and per buddy order the blocks that have a free chunk.</summary>
internal sealed class Zone(ZoneId id, BlockLayout layout)
{
    private readonly ulong[]?[] _free = new ulong[]?[layout.MaxOrder + 1];
    private readonly ulong[] _members = new ulong[layout.BlockNumbers.Words];

    public readonly ZoneId Id = id;

    /// <summary>The span, half-open; 0, 0 when empty.</summary>
    public long Start;
    public long End;
    public long Present;
    public long PresentEarly;
    public long Managed;

    /// <summary>Free pages of listed blocks.</summary>
    public long Free;

    /// <summary>Bit n: some listed block has a free chunk of order n.</summary>
    public uint FreeOrders;

    public bool IsPopulated => Present > 0;

    public bool HasMembers => !layout.BlockNumbers.IsEmpty(_members);

    public int FirstMember => layout.BlockNumbers.First(_members);

    public int LastMember => layout.BlockNumbers.Last(_members);

    public void AddMember(int block) => layout.BlockNumbers.Set(_members, block);

    public void RemoveMember(int block) => layout.BlockNumbers.Clear(_members, block);

    /// <summary>The first or last block that has a free chunk of this order; there must be one.</summary>
    public int BlockWith(int order, bool last)
    {
        Debug.Assert((FreeOrders >> order & 1) != 0);
        var words = _free[order]!;
        return last ? layout.BlockNumbers.Last(words) : layout.BlockNumbers.First(words);
    }

    public void List(int order, int block)
    {
        layout.BlockNumbers.Set(_free[order] ??= new ulong[layout.BlockNumbers.Words], block);
        FreeOrders |= 1u << order;
    }

    public void Unlist(int order, int block)
    {
        var words = _free[order]!;
        layout.BlockNumbers.Clear(words, block);
        if (layout.BlockNumbers.IsEmpty(words))
            FreeOrders &= ~(1u << order);
    }

    public Zone Clone()
    {
        var copy = new Zone(Id, layout)
        {
            Start = Start,
            End = End,
            Present = Present,
            PresentEarly = PresentEarly,
            Managed = Managed,
            Free = Free,
            FreeOrders = FreeOrders,
        };
        _members.AsSpan().CopyTo(copy._members);
        for (var order = 0; order < _free.Length; order++)
            copy._free[order] = (ulong[]?)_free[order]?.Clone();
        return copy;
    }
}
