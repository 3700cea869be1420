namespace Hotplug.Contract.Operations;

/// <summary>What a <see cref="Name"/> starts from.</summary>
public enum NameKind : byte
{
    /// <summary>No name: the operation has no subject.</summary>
    None,
    /// <summary><c>d1</c>: a hot-added device (a DIMM); <c>d0</c> is boot memory.</summary>
    Device,
    /// <summary><c>m1</c>: device memory (virtio-mem), as listed in the machine's spec, counted from 1.</summary>
    DeviceMemory,
    /// <summary><c>a3</c>: an allocation.</summary>
    Allocation,
    /// <summary><c>#40</c>: a memory block by number. Legal only in traces cut from recordings.</summary>
    RawBlock,
    /// <summary><c>@1310720</c>: a page frame by number. Legal only in traces cut from recordings.</summary>
    RawPage,
}

/// <summary>
/// A symbolic name: operations name earlier results, not addresses, so that every sub-sequence of a trace is a valid
/// trace. Forms: <c>d1</c>, <c>d1.b2</c> (its block 2), <c>d1.b2+513</c> (page 513 of that block), <c>m1.b0</c>,
/// <c>a3</c>, <c>a3[17]</c> (its page 17), <c>#40</c>, <c>@1310720</c>.
/// </summary>
/// <param name="Kind">What the name starts from; <see cref="NameKind.None"/> in <c>default</c>.</param>
/// <param name="Id">Number of the device, device memory, allocation or raw block.</param>
/// <param name="Block">Block inside the device, from 0; −1 when the name means the whole.</param>
/// <param name="Page">Page inside the block or allocation, from 0, or the raw page frame number; −1 when the name means
/// the whole.</param>
public readonly record struct Name(NameKind Kind, int Id, int Block, long Page)
{
    /// <summary>The device <c>d<paramref name="id"/></c>.</summary>
    public static Name Device(int id) => new(NameKind.Device, id, -1, -1);

    /// <summary>Boot memory: <c>d0</c>.</summary>
    public static Name Boot => Device(0);

    /// <summary>The device memory <c>m<paramref name="id"/></c>.</summary>
    public static Name DeviceMemory(int id) => new(NameKind.DeviceMemory, id, -1, -1);

    /// <summary>The allocation <c>a<paramref name="id"/></c>.</summary>
    public static Name Allocation(int id) => new(NameKind.Allocation, id, -1, -1);

    /// <summary>The memory block with this number.</summary>
    public static Name RawBlock(int number) => new(NameKind.RawBlock, number, -1, -1);

    /// <summary>The page frame with this number.</summary>
    public static Name RawPage(long pfn) => new(NameKind.RawPage, 0, -1, pfn);

    /// <summary>Block <paramref name="block"/> of this device.</summary>
    public Name WithBlock(int block) => this with { Block = block };

    /// <summary>Page <paramref name="page"/> of this block or allocation.</summary>
    public Name WithPage(long page) => this with { Page = page };

    /// <summary>True for a name that states an address: only recordings use those.</summary>
    public bool IsRaw => Kind is NameKind.RawBlock or NameKind.RawPage;

    /// <summary>True if the name means one memory block.</summary>
    public bool IsBlock => Kind == NameKind.RawBlock || (Block >= 0 && Page < 0);

    /// <summary>True if the name means one page.</summary>
    public bool IsPage => Page >= 0;

    /// <summary>Prints the text form; empty for <c>default</c>.</summary>
    public override string ToString() => Kind switch
    {
        NameKind.Device => "d" + Id + Inside(),
        NameKind.DeviceMemory => "m" + Id + Inside(),
        NameKind.Allocation => Page < 0 ? $"a{Id}" : $"a{Id}[{Page}]",
        NameKind.RawBlock => $"#{Id}",
        NameKind.RawPage => $"@{Page}",
        _ => "",
    };

    /// <summary>Reads what <see cref="ToString"/> writes; false if the text is none of it.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Name name)
    {
        name = default;
        if (text.Length < 2)
            return false;
        var rest = text[1..];
        return text[0] switch
        {
            'd' => TryParseInside(NameKind.Device, rest, out name),
            'm' => TryParseInside(NameKind.DeviceMemory, rest, out name) && name.Id > 0,
            'a' => TryParseAllocation(rest, out name),
            '#' => TryNumber(rest, out var block) && Accept(RawBlock((int)block), out name),
            '@' => TryNumber(rest, long.MaxValue, out var pfn) && Accept(RawPage(pfn), out name),
            _ => false,
        };
    }

    private string Inside() => Block < 0 ? "" : Page < 0 ? $".b{Block}" : $".b{Block}+{Page}";

    private static bool TryParseInside(NameKind kind, ReadOnlySpan<char> text, out Name name)
    {
        name = default;
        var dot = text.IndexOf('.');
        if (!TryNumber(dot < 0 ? text : text[..dot], out var id))
            return false;
        if (dot < 0)
            return Accept(new Name(kind, (int)id, -1, -1), out name);
        var inside = text[(dot + 1)..];
        if (inside.Length < 2 || inside[0] != 'b')
            return false;
        var plus = inside.IndexOf('+');
        long page = -1;
        return TryNumber(plus < 0 ? inside[1..] : inside[1..plus], out var block)
            && (plus < 0 || TryNumber(inside[(plus + 1)..], long.MaxValue, out page))
            && Accept(new Name(kind, (int)id, (int)block, page), out name);
    }

    private static bool TryParseAllocation(ReadOnlySpan<char> text, out Name name)
    {
        name = default;
        var open = text.IndexOf('[');
        if (open < 0)
            return TryNumber(text, out var whole) && Accept(Allocation((int)whole), out name);
        return text[^1] == ']' && TryNumber(text[..open], out var id) && TryNumber(text[(open + 1)..^1], long.MaxValue, out var page)
            && Accept(Allocation((int)id).WithPage(page), out name);
    }

    private static bool Accept(Name parsed, out Name name)
    {
        name = parsed;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out long number) => TryNumber(text, int.MaxValue, out number);

    private static bool TryNumber(ReadOnlySpan<char> text, long largest, out long number)
    {
        number = 0;
        foreach (var c in text)
            if (!char.IsAsciiDigit(c))
                return false;
        return text.Length > 0 && long.TryParse(text, out number) && number <= largest;
    }
}
