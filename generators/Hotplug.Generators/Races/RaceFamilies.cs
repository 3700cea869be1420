using System.Collections.Immutable;
using Hotplug.Contract.Machines;

namespace Hotplug.Generators.Races;

/// <summary>
/// Every kind of race: memory going offline while pages are freed, taken, pinned, loaned, plugged; drivers against
/// notifiers; two of the same at once.
/// </summary>
/// <remarks>
/// An allocation is freed by one CPU only, and references are dropped that were taken before: use after free is the
/// user's error, not the machine's.
/// </remarks>
public static class RaceFamilies
{
    private const string Toy = "spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 ";
    private const string Listed = Toy + "dimm={2|1} auto-online=online-movable cpus=3 pcp-batch={1|2} pcp-high={2|4}\n";
    private const string Online = Toy + "dimm=2 auto-online=online-movable\n";
    private const string Memory = "spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=0 "
        + "device-memory=3+2/1@0 auto-online={online-movable|online-kernel} dialect={linux-6.12|linux-6.1|source-2019}\n";

    private const string Lending = "spec page-bytes=64 pageblock=1 section={2|4} max-order=1 descriptor-bytes=16 boot=3 "
        + "dimm-first=3 dimm=0 balloon=cmm notifier=slub:1,cmm:1,injector:0 cmm-least-active=0 cmm-hotplug-delay={1|0} "
        + "cmm-oom=1\n";

    /// <summary>Every family, in the order run.</summary>
    public static ImmutableArray<RaceFamily> All { get; } =
    [
        new("free-offline", "a page being freed, and the removal of its block", Listed + """
            add d1 pages=2
            alloc a1 pages=2 cpu={0|1}
            ? alloc a2 pages=1 cpu=1
            ? free a2 cpu=1
            cpu
            free a1 cpu=0
            cpu
            offline d1.b0
            """),
        new("free-offline-alloc", "a page being freed, the removal of its block, and who wants a page", Listed + """
            add d1 pages=2
            alloc a1 pages={1|2} cpu=0
            ? alloc a3 pages={1|2} cpu=1
            cpu
            free a1 cpu=0
            cpu
            offline d1.b0
            cpu
            alloc a2 pages={1|2} cpu={0|1|2}
            ? free a2 cpu=2
            """),
        new("alloc-offline", "pages being taken, and the removal of their block", Listed + """
            add d1 pages={2|4}
            ? alloc a1 pages=1 cpu=0
            ? free a1 cpu=0
            cpu
            alloc a2 pages={1|2} cpu=0 kind={movable|unmigratable|pinned}
            ? free a2 cpu=0
            cpu
            offline d1.b0
            """),
        new("kernel-alloc-offline", "pages of the kernel being taken, and the removal of their block",
            Toy + "dimm=1 auto-online=online-kernel\n" + """
            add d1 pages=2
            ? alloc a1 pages=4 kind=unmovable
            cpu
            alloc a2 pages={1|2} kind={unmovable|movable}
            ? free a2
            cpu
            offline d1.b0
            """),
        new("put-offline", "the last reference to a page, and the removal of its block", Listed + """
            add d1 pages=2
            alloc a1 pages={1|2} cpu=0
            get a1[0]
            free a1 cpu=0
            cpu
            put a1[0] cpu=0
            cpu
            offline d1.b0
            """),
        new("get-offline", "a reference to a page that is about to move", Online + """
            add d1 pages=2
            alloc a1 pages={1|2}
            cpu
            get a1[0]
            ? put a1[0]
            cpu
            offline d1.b0
            """),
        new("references", "references taken and dropped at once", Online + """
            add d1 pages=2
            alloc a1 pages=1
            get a1[0]
            get a1[0]
            ? free a1
            cpu
            put a1[0] cpu=0
            cpu
            {put a1[0]|get a1[0]}
            """),
        new("free-put", "an allocation's own reference and an extra one, dropped at once", Listed + """
            add d1 pages=2
            alloc a1 pages={1|2}
            get a1[0]
            ? get a1[0]
            cpu
            free a1 cpu=0
            cpu
            put a1[0] cpu=1
            ? cpu
            ? put a1[0] cpu=2
            """),
        new("pcp-free", "per-CPU lists drained and disabled while pages are freed and taken", Listed + """
            add d1 pages={2|4}
            alloc a1 pages={2|1}
            cpu
            pcp do={disable|drain}
            pcp do={enable|drain}
            cpu
            free a1 cpu=1
            ? alloc a2 pages=1 cpu=1
            """),
        new("pcp-offline", "per-CPU lists disabled by two at once", Listed + """
            add d1 pages=2
            alloc a1 pages=1 cpu=1
            ? pcp do=disable
            cpu
            ? pcp do=disable
            pcp do={enable|drain}
            cpu
            offline d1.b0
            cpu
            free a1 cpu=1
            """),
        new("offline-offline", "two removals of neighbouring blocks", Listed + """
            add d1 pages=4
            ? alloc a1 pages={1|2|3}
            cpu
            offline d1.b0
            cpu
            offline d1.b1
            ? cpu
            ? {alloc a2 pages=1 cpu=2|free a1 cpu=2}
            """),
        new("same-block", "one block brought online and taken offline at once", Online + """
            add d1 pages=2
            ? offline d1.b0
            cpu
            {offline d1.b0|online_movable d1.b0|online d1.b0}
            cpu
            {offline d1.b0|online_movable d1.b0|remove d1|offline-remove d1|eject d1}
            """),
        new("online-twice", "one block brought online by two", Toy + "dimm=1\n" + """
            add d1 pages=2
            cpu
            {online_movable|online|online_kernel} d1.b0
            cpu
            {online_movable|online|online_kernel} d1.b0
            ? offline d1.b0
            """),
        new("offline-twice", "one block taken offline by two", Online + """
            add d1 pages=2
            ? alloc a1 pages={1|2}
            cpu
            offline d1.b0
            ? {online_movable d1.b0|remove d1}
            cpu
            {offline d1.b0|offline-remove d1|eject d1}
            """),
        new("online-alloc", "memory that comes online, and who waits for it", Toy.Replace("max-order=1", "max-order={0|1}",
            StringComparison.Ordinal) + "dimm=1\n" + """
            add d1 pages=2
            ? alloc a1 pages=3
            cpu
            {online_movable|online|online_kernel} d1.b0
            cpu
            alloc a2 pages={1|2}
            ? free a2
            """),
        new("add-remove", "one range added and removed at once", Toy + "dimm=2 auto-online={offline|online-movable}\n" + """
            add d1 pages={2|4}
            cpu
            {remove d1|offline-remove d1|eject d1}
            cpu
            {add d2 pages=2 at=#2|add d2 pages=2|add d2 pages=4 at=#2}
            """),
        new("add-add", "two devices for one range", Toy + "dimm=2 auto-online={offline|online-movable}\n" + """
            ? alloc a1 pages=1
            cpu
            add d1 pages={2|4} at=#2
            cpu
            add d2 pages={2|4} at={#2|#3}
            """),
        new("remove-online", "a block brought online while it is removed", Toy + "dimm=2\n" + """
            add d1 pages={2|4}
            cpu
            {remove d1|offline-remove d1|remove d1.b0 blocks=1}
            cpu
            {online_movable d1.b0|online d1.b0|online_kernel d1.b0}
            ? offline d1.b0
            """),
        new("contig-offline", "an exact range, and the removal of its block", Online + """
            add d1 pages={2|4}
            ? alloc a1 pages={1|2}
            cpu
            contig a2 at=d1.b0 pages={2|1}
            ? contig-free a2
            cpu
            offline d1.b0
            """),
        new("contig-contig", "two exact ranges that overlap, and who wants a page of them", Online + """
            add d1 pages=4
            ? alloc a1 pages=1
            cpu
            contig a2 at=d1.b0 pages={2|4}
            cpu
            contig a3 at={d1.b0|d1.b0+1} pages={2|1}
            ? cpu
            ? {alloc a4 pages=1|free a1}
            """),
        new("contig-alloc", "an exact range, and who wants a page of it", Online + """
            add d1 pages=2
            ? alloc a1 pages={1|2}
            cpu
            contig a2 at=d1.b0 pages=2
            cpu
            {alloc a3 pages={1|2}|free a1}
            ? free a3
            """),
        new("inflate-inflate", "two requests to one balloon", Toy + "dimm=0 balloon={virtio|virtio-oom|hyper-v|xen}\n" + """
            ? inflate driver={virtio|hyper-v|xen} pages=1
            cpu
            inflate driver={virtio|hyper-v|xen} pages={1|2}
            cpu
            {inflate|deflate} driver={virtio|hyper-v|xen} pages={1|2}
            """),
        new("virtio-balloon", "two requests to the balloon of virtio", Toy + "dimm=0 balloon={virtio|virtio-oom}\n" + """
            ? inflate pages={1|2}
            cpu
            {inflate pages={1|2}|balloon-target pages={1|3}}
            cpu
            {inflate pages={1|2}|deflate pages={1|2}}
            """),
        new("balloon-offline", "a balloon, and the removal of its pages' block",
            Toy + "dimm=1 auto-online=online-movable balloon={virtio|virtio-oom}\n" + """
            add d1 pages=2
            inflate pages={2|1|3}
            cpu
            {deflate|inflate} pages={1|2}
            cpu
            offline d1.b0
            """),
        new("balloon-online", "the count of a zone changed by a balloon and by memory that comes online",
            Toy + "dimm=1 balloon={virtio|hyper-v}\n" + """
            add d1 pages=2
            ? inflate driver={virtio|hyper-v} pages=1
            cpu
            {inflate|deflate} driver={virtio|hyper-v} pages=1
            cpu
            {online_kernel|online_movable|online} d1.b0
            """),
        new("unplug-offline", "sub-blocks unplugged while their block's removal is refused", Memory + """
            plug m1 sub-blocks={2|1|3}
            ? notifier-error event=going-offline errno=EBUSY
            cpu
            {unplug|plug} m1 sub-blocks={1|2}
            cpu
            offline m1.b0
            ? online_movable m1.b0
            """),
        new("unplug-remove", "sub-blocks unplugged while a block of the device memory goes offline", Memory + """
            plug m1 sub-blocks={3|4|2}
            ? offline m1.b0
            cpu
            unplug m1 sub-blocks={1|2|3}
            cpu
            {offline m1.b1|offline m1.b0|online_movable m1.b0}
            """),
        new("pin-offline", "a reference to an unplugged page, and the removal of its block", Memory + """
            plug m1 sub-blocks=1
            ? get m1.b0+1
            cpu
            {get m1.b0+1|put m1.b0+1}
            ? put m1.b0+1
            cpu
            offline m1.b0
            """),
        new("plug-plug", "two requests to one device memory", Memory + """
            ? plug m1 sub-blocks={1|2}
            cpu
            {plug|unplug} m1 sub-blocks={1|2}
            cpu
            {plug|unplug} m1 sub-blocks={1|2}
            """),
        new("unplug-alloc", "sub-blocks unplugged while their pages are taken and freed", Memory + """
            plug m1 sub-blocks={2|1}
            ? alloc a1 pages={1|2}
            cpu
            {unplug m1 sub-blocks=1|plug m1 sub-blocks=1}
            cpu
            {alloc a2 pages={1|2}|free a1|contig a2 at=m1.b0 pages=1}
            ? free a2
            """),
        new("callback-online", "a callback set and restored while memory comes online",
            Toy + "dimm=2 balloon=xen auto-online={offline|online-movable} online-callbacks={slot|list}\n" + """
            ? set-callback owner=xen
            add d1 pages=2
            cpu
            set-callback owner=xen action={set|restore}
            cpu
            {online_movable d1.b0|add d2 pages=2 owner=xen|add d2 pages=2}
            """),
        new("callback-add", "a callback restored while its owner's memory is added",
            Toy + "dimm=2 balloon={hyper-v|xen} auto-online={offline|online-movable} online-callbacks={slot|list}\n" + """
            set-callback owner={hyper-v|xen}
            cpu
            set-callback owner={hyper-v|xen} action=restore
            cpu
            add d1 pages=2 owner={hyper-v|xen}
            ? online_movable d1.b0
            """),
        new("loan-offline", "pages loaned while their block goes offline", Lending + """
            loan-target pages={3|2|4|8}
            cpu
            tick seconds={1|2}
            cpu
            offline d0.b{2|1}
            """),
        new("loan-list", "a list page of CMM that is needed or not, as pages come and go", Lending.Replace("{2|4}", "4",
            StringComparison.Ordinal) + """
            loan-target pages=6
            tick seconds=1
            loan-target pages={7|8}
            cpu
            tick seconds=1
            cpu
            oom
            ? cpu
            ? offline d0.b{2|1}
            """),
        new("loan-offline-refused", "pages loaned while the removal of their block is refused", Lending + """
            loan-target pages={1|2|4}
            tick seconds=1
            ? loan-target pages={3|4}
            ? notifier-error event=going-offline errno=EBUSY
            cpu
            tick seconds=1
            cpu
            offline d0.b{2|1}
            ? {tick seconds=1|online d0.b2}
            """),
        new("loan-free", "pages given back while their block goes offline", Lending + """
            loan-target pages={2|4|1}
            tick seconds={1|3}
            ? loan-target pages={0|1}
            cpu
            {tick seconds=1|oom}
            cpu
            offline d0.b{2|1}
            ? cpu
            ? oom
            """),
        new("loan-oom", "pages loaned and given back at once", Lending + """
            loan-target pages={2|1|4}
            tick seconds={1|3}
            ? loan-target pages={0|3|4}
            cpu
            {tick seconds=1|oom}
            cpu
            oom
            """),
    ];

    /// <summary>The families that machines of these levels can run.</summary>
    public static ImmutableArray<RaceFamily> For(Levels levels) => [.. All.Where(f => (f.Needs & ~levels) == Levels.None)];
}
