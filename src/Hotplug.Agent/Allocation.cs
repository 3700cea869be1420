using System.Buffers.Binary;

namespace Hotplug.Agent;

/// <summary>One mapping, what else keeps its pages, and extra references on single pages.</summary>
internal sealed unsafe class Allocation
{
    private const int PageBytes = 4096, HugeBytes = 2 << 20;
    private const int Invalid = 22, NoMemory = FreeMemory.NoMemory;
    private const int NonBlocking = 2;
    private const int PacketFamily = 17, RawSocket = 3, PacketLevel = 263, ReceiveRing = 5;

    private readonly List<(long Page, int Reader)> _pins = [];
    private readonly List<int> _files = [];
    private byte* _start;
    private long _mapped;
    private readonly long _bytes;

    private Allocation(long pages) => _bytes = pages * PageBytes;

    /// <summary>It still has its own references.</summary>
    internal bool IsMapped => _start != null;

    /// <summary>Some page has an extra reference.</summary>
    internal bool IsPinned => _pins.Count > 0;

    /// <summary>
    /// Kinds: <c>anon</c> (locked), <c>thp</c>, <c>packet</c> (kernel pages), <c>ramfs</c> (no way to migrate),
    /// <c>vmsplice</c> (an extra reference each), <c>pin</c> (long-term pinned).
    /// </summary>
    internal static int TryMake(int id, string kind, int pages, int node, out Allocation? made)
    {
        made = null;
        if (pages < 1)
            return Invalid;
        var allocation = new Allocation(pages);
        var errno = kind switch
        {
            "anon" => allocation.MapAnonymous(node, huge: false),
            "thp" => allocation.MapAnonymous(node, huge: true),
            "packet" => allocation.MapRing(node, pages),
            "ramfs" => allocation.MapFile(node, $"/ram/a{id}"),
            "vmsplice" => Then(allocation.MapAnonymous(node, huge: false), allocation.Splice),
            "pin" => Then(allocation.MapAnonymous(node, huge: false), allocation.Register),
            _ => Invalid,
        };
        if (errno != 0)
            allocation.Unmap();
        else
            made = allocation;
        return errno;
    }

    /// <summary>Drops the allocation's own references.</summary>
    internal void Unmap()
    {
        foreach (var file in _files)
            Libc.Close(file);
        _files.Clear();
        if (_start != null)
            Libc.Unmap(_start, _mapped);
        _start = null;
    }

    /// <summary>Takes an extra reference on a page: a pipe that holds it.</summary>
    internal int Pin(long page)
    {
        var ends = stackalloc int[2];
        if (page < 0 || page >= _bytes / PageBytes || Libc.pipe2(ends, 0) != 0)
            return Invalid;
        var piece = new Libc.IoVector { Start = _start + (page * PageBytes), Bytes = PageBytes };
        var other = _pins.FindIndex(p => p.Page == page);
        var moved = IsMapped ? Libc.vmsplice(ends[1], &piece, 1, NonBlocking)
            : other < 0 ? 0
            : Libc.tee(_pins[other].Reader, ends[1], PageBytes, NonBlocking);
        Libc.Close(ends[1]);
        if (moved == PageBytes)
        {
            _pins.Add((page, ends[0]));
            return 0;
        }

        Libc.Close(ends[0]);
        return moved < 0 ? Libc.ErrnoOf(moved) : Invalid;
    }

    /// <summary>Drops an extra reference on a page.</summary>
    internal int Unpin(long page)
    {
        var index = _pins.FindLastIndex(p => p.Page == page);
        if (index < 0)
            return Invalid;
        Libc.Close(_pins[index].Reader);
        _pins.RemoveAt(index);
        return 0;
    }

    /// <summary>
    /// The page frames, in order, as runs. /proc/self/pagemap: bit 63 present, bits 0 to 54 the frame.
    /// </summary>
    internal List<(long Start, long Count)> Where()
    {
        const ulong Present = 1UL << 63, Frame = (1UL << 55) - 1;
        var runs = new List<(long Start, long Count)>();
        if (!IsMapped)
            return runs;
        var (_, entries) = Files.ReadBytes(
            "/proc/self/pagemap", (long)_start / PageBytes * 8, (int)(_bytes / PageBytes * 8));
        for (var at = 0; at + 8 <= entries.Length; at += 8)
        {
            var entry = BinaryPrimitives.ReadUInt64LittleEndian(entries.AsSpan(at));
            var frame = (entry & Present) != 0 ? (long)(entry & Frame) : 0;
            if (runs.Count > 0 && runs[^1].Start + runs[^1].Count == frame)
                runs[^1] = (runs[^1].Start, runs[^1].Count + 1);
            else
                runs.Add((frame, 1));
        }

        return runs;
    }

    private static int Then(int errno, Func<int> next) => errno != 0 ? errno : next();

    private int MapAnonymous(int node, bool huge)
    {
        // A huge page must be aligned: map one more and use the aligned part.
        _mapped = huge ? _bytes + HugeBytes : _bytes;
        if (!Map(-1, Libc.MapPrivate | Libc.MapAnonymous))
            return NoMemory;
        var offset = huge ? (int)((HugeBytes - ((long)_start % HugeBytes)) % HugeBytes) : 0;
        var first = _start + offset;
        Libc.Advise(first, _bytes, huge ? Libc.AdviseHugePage : Libc.AdviseNoHugePage);
        if (node >= 0 && Libc.BindRange(first, _bytes, Libc.PolicyBind, node) is var errno and not 0)
            return errno;
        if (Libc.Advise(first, _bytes, Libc.AdvisePopulateWrite) is var failed and not 0)
            return failed;
        if (offset > 0)
            Libc.Unmap(_start, offset);
        if (huge)
            Libc.Unmap(first + _bytes, HugeBytes - offset);
        _start = first;
        _mapped = _bytes;
        return Libc.ErrnoOf(Libc.mlock(_start, _bytes));
    }

    // AF_PACKET allocates a ring page by page from the kernel; mapping it shows which pages they are.
    private int MapRing(int node, int pages)
    {
        _mapped = _bytes;
        var socket = Libc.socket(PacketFamily, RawSocket, 0);
        if (socket < 0)
            return Libc.ErrnoOf(socket);
        _files.Add(socket);
        var ring = stackalloc int[4] { PageBytes, pages, PageBytes, pages };
        Libc.PreferNode(node);
        var errno = Libc.ErrnoOf(Libc.setsockopt(socket, PacketLevel, ReceiveRing, ring, 4 * sizeof(int)));
        Libc.PreferNode(-1);
        if (errno != 0)
            return errno;
        return Map(socket, Libc.MapShared) ? 0 : NoMemory;
    }

    private int MapFile(int node, string path)
    {
        _mapped = _bytes;
        var file = Libc.Open(path, Libc.OpenReadWrite | Libc.OpenCreate);
        if (file < 0)
            return Libc.ErrnoOf(file);
        _files.Add(file);
        Files.Delete(path);
        if (Libc.ErrnoOf(Libc.ftruncate(file, _bytes)) is var errno and not 0)
            return errno;
        if (!Map(file, Libc.MapShared))
            return NoMemory;
        Libc.PreferNode(node);
        var failed = Libc.Advise(_start, _bytes, Libc.AdvisePopulateWrite);
        Libc.PreferNode(-1);
        return failed;
    }

    // Every page lies in a pipe as well.
    private int Splice()
    {
        var ends = stackalloc int[2];
        if (Libc.ErrnoOf(Libc.pipe2(ends, 0)) is var errno and not 0)
            return errno;
        _files.Add(ends[0]);
        _files.Add(ends[1]);
        Libc.SizePipe(ends[1], _bytes);
        for (long at = 0; at < _bytes;)
        {
            var piece = new Libc.IoVector { Start = _start + at, Bytes = _bytes - at };
            var moved = Libc.vmsplice(ends[1], &piece, 1, NonBlocking);
            if (moved <= 0)
                return NoMemory;
            at += moved;
        }

        return 0;
    }

    // io_uring pins registered buffers for long.
    private int Register()
    {
        const int ParameterBytes = 128;
        var parameters = stackalloc byte[ParameterBytes];
        new Span<byte>(parameters, ParameterBytes).Clear();
        var ring = Libc.SetUpRing(1, parameters);
        if (ring < 0)
            return Libc.ErrnoOf(ring);
        _files.Add(ring);
        var buffer = new Libc.IoVector { Start = _start, Bytes = _bytes };
        return Libc.RegisterBuffers(ring, &buffer, 1);
    }

    private bool Map(int file, int flags)
    {
        var start = Libc.mmap(null, _mapped, Libc.ProtectionReadWrite, flags, file, 0);
        if ((long)start == -1)
            return false;
        _start = start;
        return true;
    }
}
