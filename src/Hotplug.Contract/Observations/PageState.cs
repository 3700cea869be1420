using System.Runtime.CompilerServices;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Observations;

/// <summary>What is seen of a page. Bits, not an enumeration: a page that is in two places must be visible as
/// such.</summary>
[Flags]
public enum PageFlags : ushort
{
    /// <summary>Nothing seen: on a real kernel a page on a per-CPU list, or the tail of an allocation.</summary>
    None = 0,
    /// <summary>Free, in the buddy (head or tail of a free chunk).</summary>
    Buddy = 1 << 0,
    /// <summary>On a per-CPU list.</summary>
    Pcplist = 1 << 1,
    /// <summary>Handed out: used by somebody.</summary>
    InUse = 1 << 2,
    /// <summary>PageOffline: logically offline.</summary>
    Offline = 1 << 3,
    /// <summary>Holds page descriptors of its own block (vmemmap_self_hosted).</summary>
    Vmemmap = 1 << 4,
    /// <summary>PG_reserved.</summary>
    Reserved = 1 << 5,
    /// <summary>PG_hwpoison.</summary>
    HwPoison = 1 << 6,
    /// <summary>PG_dirty on a PageOffline page: it never was in the buddy since its block came online.</summary>
    NeverOnlined = 1 << 7,
    /// <summary>Can be migrated: on the LRU, or movable_ops.</summary>
    Movable = 1 << 8,
    /// <summary>Its pageblock is ISOLATE.</summary>
    Isolated = 1 << 9,
    /// <summary>No struct page that may be read: the section is not online, or there is no memory.</summary>
    NoPage = 1 << 10,
    /// <summary>Not observed.</summary>
    Unseen = 1 << 11,
    /// <summary>On the LRU but unevictable or without a way to migrate (ramfs).</summary>
    Unmigratable = 1 << 12,
    /// <summary>Slab, page table or another kernel use that a kernel states.</summary>
    Kernel = 1 << 13,
    /// <summary>Added by a balloon driver, and the hypervisor has put no memory behind it yet (source document
    /// 004).</summary>
    Unbacked = 1 << 14,
}

/// <summary>The state of one page, as seen. <c>default</c>: nothing seen, reference count 0.</summary>
/// <param name="Flags">What is seen.</param>
/// <param name="Order">Buddy order of the free chunk that the page belongs to; 0 otherwise or where it cannot be
/// seen.</param>
/// <param name="Owner">
/// Who holds it, where the machine can tell: 0 unknown, 1.. device memory of that number, 200 +
/// <see cref="BalloonDriver"/> a balloon,
/// <see cref="LoanListOwner"/> CMM's list.
/// Of a page on a per-CPU list: 1 + the CPU.
/// </param>
/// <param name="References">The reference count, or <see cref="Unknown"/>.</param>
public readonly record struct PageState(PageFlags Flags, byte Order, byte Owner, int References)
{
    /// <summary>A reference count that cannot be seen.</summary>
    public const int Unknown = int.MinValue;

    /// <summary>First <see cref="Owner"/> number of balloons.</summary>
    public const byte BalloonOwner = 200;

    /// <summary><see cref="Owner"/> of a page that CMM loaned.</summary>
    public const byte LoanOwner = BalloonOwner + (byte)BalloonDriver.Cmm;

    /// <summary><see cref="Owner"/> of a page that holds addresses of pages that CMM loaned.</summary>
    public const byte LoanListOwner = 220;

    /// <summary>A page that was not observed.</summary>
    public static PageState NotSeen => new(PageFlags.Unseen, 0, 0, Unknown);

    /// <summary>A page without a readable struct page.</summary>
    public static PageState None => new(PageFlags.NoPage, 0, 0, Unknown);

    /// <summary>A free page in a chunk of this order.</summary>
    public static PageState Free(int order) => new(PageFlags.Buddy, (byte)order, 0, 0);

    /// <summary>True if everything is the same: one comparison of the eight bytes that a state is.</summary>
    public bool Equals(PageState other) => Unsafe.BitCast<PageState, long>(this) == Unsafe.BitCast<PageState, long>(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Unsafe.BitCast<PageState, long>(this).GetHashCode();

    /// <summary>True if all the flags are set.</summary>
    public bool Has(PageFlags flags) => (Flags & flags) == flags;

    /// <summary>True if any of the flags is set.</summary>
    public bool HasAny(PageFlags flags) => (Flags & flags) != PageFlags.None;

    /// <summary>A page on the per-CPU list of this CPU.</summary>
    public static PageState Listed(int cpu) => new(PageFlags.Pcplist, 0, (byte)Math.Min(cpu + 1, byte.MaxValue), 0);

    /// <summary>True if nobody uses the page and the allocator may hand it out: in the buddy or on a per-CPU
    /// list.</summary>
    public bool IsFree => HasAny(PageFlags.Buddy | PageFlags.Pcplist);

    /// <summary>The same page without what a split or merge of free chunks changes.</summary>
    public PageState WithoutOrder => this with { Order = 0 };

    /// <summary>Prints the flags, the owner and the reference count.</summary>
    public override string ToString() =>
        $"{(Flags == PageFlags.None ? "unmarked" : Flags.ToString().ToLowerInvariant())}"
        + (Owner == 0 ? "" : Has(PageFlags.Pcplist) ? $" of cpu {Owner - 1}" : Owner == LoanListOwner ? " of CMM's list"
            : Owner >= BalloonOwner ? $" of balloon {(BalloonDriver)(Owner - BalloonOwner)}" : $" of m{Owner}")
        + (References == Unknown ? "" : $" references {References}");
}
