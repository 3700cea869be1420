using System.Collections.Immutable;
using Hotplug.Engine.Explore;

namespace Hotplug.Generators.Scopes;

/// <summary>
/// Machines of a few pages and a few operations each, that overlap: together they cover three memory blocks, two kernel
/// and movable zones of two nodes, a balloon, device memory, each placement of the memmap, poison, references and
/// failures at every step. What holds in every state of all of them is not a matter of luck.
/// </summary>
public static class SmallScopes
{
    private const string Toy = "spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 ";
    private const string Hosting = "spec pageblock=1 section=2 max-order=1 descriptor-bytes=2048 boot=2 dimm-first=2 ";

    /// <summary>Every scope, in the order explored.</summary>
    public static ImmutableArray<Scope> All { get; } =
    [
        ScopeText.Parse("blocks", "three memory blocks of up to three devices, in two zones and out of them", Toy + """
            dimm=3
            add d{1,2,3} pages=2
            remove d{1,2,3}
            online_kernel d{1,2,3}.b0
            online_movable d{1,2,3}.b0
            offline d{1,2,3}.b0
            """),
        ScopeText.Parse("boot", "memory that was there from the start: taken offline, refused on the way, brought back", Toy + """
            dimm=0
            online d0.b{0,1}
            online_kernel d0.b1
            online_movable d0.b1
            offline d0.b{0,1}
            write-online d0.b1 value={0,1}
            write-state d0.b0 text={nonsense,empty}
            alloc a1 pages={1,3}
            alloc a1 pages=1 kind={unmovable,pinned}
            free a1
            veto point=notifier k={1,3,4,6} errno=EPERM
            veto point=migration k=1 errno=ENOMEM
            """),
        ScopeText.Parse("boot-hole", "boot memory with a hole, and a block in two zones", Toy + """
            dimm=0 pc-boot=1
            offline d0.b{0,1}
            alloc a1 pages={1,2}
            alloc a1 pages=1 order=1
            free a1
            """),
        ScopeText.Parse("boot-balloon-oom", "memory that was there from the start, and a balloon that deflates on OOM", Toy + """
            dimm=0 balloon=virtio-oom
            offline d0.b{0,1}
            online d0.b{0,1}
            inflate pages=1
            deflate pages=1
            """),
        ScopeText.Parse("zones", "how zones are chosen: policies, groups, spans of one node, boot memory", Toy + """
            dimm=2 auto-movable-ratio=100
            add d1 pages={2,4}
            add d1 pages=4 group=dynamic
            remove d1
            online d1.b{0,1}
            online_movable d1.b0
            write-online d1.b{0,1} value={0,1}
            write-online d0.b1 value={0,1}
            write-state d1.b0 text={nonsense,empty}
            policy set={auto-offline,auto-online-movable,zones-contig,zones-auto-movable}
            """),
        ScopeText.Parse("nodes", "a second node that comes and goes with its memory", Toy + """
            dimm=2 nodes=2
            add d{1,2} pages=2 node={0,1}
            add d{1,2} pages=2 at=#2
            remove d{1,2}
            online d{1,2}.b0
            online_movable d{1,2}.b0
            offline d{1,2}.b0
            offline-remove d{1,2}
            """),
        ScopeText.Parse("pages", "allocations of every kind, references, and what they do to offlining", Toy + """
            dimm=1 auto-online=online-movable
            add d1 pages=2
            online d1.b0
            offline d1.b0
            alloc a{1,2} pages=1 kind={movable,unmigratable}
            alloc a{1,2} pages=2 kind={unmovable,pinned}
            free a{1,2}
            get a{1,2}[0]
            put a{1,2}[0]
            """),
        ScopeText.Parse("orders", "chunks of two orders, taken apart and joined", Toy + """
            dimm=1
            add d1 pages=2
            online_movable d1.b0
            offline d1.b0
            alloc a{1,2,3} pages={1,2}
            alloc a{1,2,3} pages=1 kind=unmovable order=1
            alloc a{1,2,3} pages={3,4} order=1
            free a{1,2,3}
            """),
        ScopeText.Parse("removal", "several blocks of one device: removed, ejected, put back", Toy + """
            dimm=3
            add d1 pages={2,4,6}
            add d1 pages=2 at=#{3,4}
            add d1 pages=3
            remove d1
            remove d1.b{0,1} blocks={1,2}
            offline-remove d1
            offline-remove d1.b{0,1} blocks={1,2}
            eject d1
            online d1.b{0,1,2}
            online_movable d1.b{0,1,2}
            offline d1.b{0,1,2}
            alloc a1 pages=1 kind=unmovable
            free a1
            """),
        ScopeText.Parse("memmap", "every placement of the memmap, on 6.12", Hosting + """
            dimm=3 memmap-on-memory=on
            add d{1,2} pages={2,4} memmap={boot,per-block,per-device}
            remove d{1,2}
            remove d{1,2}.b{0,1} blocks=1
            remove d1.b0 blocks=2
            online d{1,2}.b0
            online_movable d{1,2}.b{0,1}
            offline d{1,2}.b{0,1}
            eject d{1,2}
            """),
        ScopeText.Parse("memmap-6.1", "every placement of the memmap, on 6.1", Hosting + """
            dimm=3 memmap-on-memory=on dialect=linux-6.1
            add d{1,2} pages={2,4} memmap={boot,per-block,per-device}
            remove d{1,2}
            remove d{1,2}.b{0,1} blocks=1
            remove d1.b0 blocks=2
            online d{1,2}.b0
            online_movable d{1,2}.b{0,1}
            offline d{1,2}.b{0,1}
            eject d{1,2}
            """),
        ScopeText.Parse("memmap-groups", "every placement of the memmap, as source document 001 has them", Hosting + """
            dimm=3 memmap-on-memory=on dialect=source-2019
            add d{1,2} pages={2,4} memmap={per-block,per-device}
            remove d{1,2}
            remove d{1,2}.b0 blocks=1
            online_movable d{1,2}.b{0,1}
            offline d{1,2}.b{0,1}
            veto point=memmap k=2 errno=ENOMEM
            """),
        ScopeText.Parse("memmap-vetoes", "an add, an online, an offline that fail half way, with a memmap of their own",
            Hosting + """
            dimm=2 memmap-on-memory=on
            add d1 pages={2,4} memmap={boot,per-block}
            remove d1
            online_movable d1.b{0,1}
            offline d1.b{0,1}
            eject d1
            veto point={notifier,memmap,block-device} k={1,2,3} errno=ENOMEM
            notifier-error event={going-online,going-offline} errno={EBUSY,ok}
            """),
        ScopeText.Parse("vetoes", "every step of adding, onlining, offlining, removing that can fail", Toy + """
            dimm=2
            add d1 pages={2,4}
            remove d1
            offline-remove d1
            eject d1
            online d1.b{0,1}
            online_movable d1.b{0,1}
            offline d1.b{0,1}
            alloc a1 pages=2
            free a1
            veto point=notifier k={1,2,3,4,5,6} errno=EPERM
            veto point={memmap,migration,block-device} k=1 errno=ENOMEM
            """),
        ScopeText.Parse("arrival", "blocks that come online on arrival, and are refused there or later", Toy + """
            dimm=2 auto-online=online-movable
            add d1 pages={2,4}
            remove d1
            offline-remove d1
            eject d1
            online d1.b{0,1}
            offline d1.b{0,1}
            write-online d1.b0 value=1
            alloc a1 pages={1,3}
            free a1
            veto point=notifier k={1,3,4,6} errno=EPERM
            """),
        ScopeText.Parse("balloon", "a balloon that holds pages of blocks that leave", Toy + """
            dimm=2 balloon=virtio
            add d1 pages={2,4}
            online d1.b0
            online_movable d1.b{0,1}
            offline d1.b{0,1}
            eject d1
            inflate pages=2
            deflate pages=1
            veto point=migration k=1 errno=EBUSY
            """),
        ScopeText.Parse("balloon-oom", "a balloon that deflates on OOM, and allocations beside it", Toy + """
            dimm=1 balloon=virtio-oom auto-online=online-movable
            add d1 pages=2
            offline d1.b0
            online_movable d1.b0
            inflate pages={1,9}
            deflate pages=1
            alloc a1 pages=2
            alloc a1 pages=1 kind=unmovable
            free a1
            soft-offline d1.b0+{0,1}
            """),
        ScopeText.Parse("balloon-hyper-v", "balloons whose pages cannot leave their block", Toy + """
            dimm=1 balloon=hyper-v,xen
            add d1 pages=2
            online d1.b0
            online_movable d1.b0
            offline d1.b0
            offline-remove d1
            inflate driver={hyper-v,xen} pages=2
            deflate driver={hyper-v,xen} pages=1
            """),
        ScopeText.Parse("cmm", "pages on loan to the hypervisor, while memory comes and goes", """
            spec page-bytes=64 pageblock=1 section=2 max-order=1 descriptor-bytes=16 boot=2 dimm-first=2 dimm=0
            spec balloon=cmm notifier=slub:1,cmm:1,injector:0 cmm-least-active=0
            spec cmm-hotplug-delay=1 cmm-oom=1
            offline d0.b1
            online_movable d0.b1
            loan-target pages={0,1,4}
            oom
            tick seconds=1
            """) with { MostSeconds = 9 },
        ScopeText.Parse("contig", "exact ranges among other pages, over blocks that are partly plugged", """
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=0
            spec device-memory=3+2/1@0
            plug m1 sub-blocks={1,2}
            unplug m1 sub-blocks=1
            online m1.b0
            online_movable m1.b0
            offline m1.b0
            alloc a{1,2} pages=1 kind={movable,unmovable}
            free a{1,2}
            contig a{1,2} at=d0.b1 pages={1,2}
            contig a{1,2} at=m1.b0 pages=2
            contig-free a{1,2}
            """),
        ScopeText.Parse("device-memory", "device memory of two blocks by sub-blocks, among allocations", """
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=1 dimm-first=1 dimm=0
            spec device-memory=2+2/1@0
            plug m1 sub-blocks={1,2}
            unplug m1 sub-blocks={1,2}
            resize m1 sub-blocks={0,5}
            online m1.b0
            online_movable m1.b{0,1}
            offline m1.b{0,1}
            alloc a1 pages=2
            free a1
            """),
        ScopeText.Parse("device-memory-vetoes", "device memory whose blocks are refused on their way", """
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=0
            spec device-memory=3+2/1@0
            plug m1 sub-blocks={1,2}
            unplug m1 sub-blocks=1
            resize m1 sub-blocks={0,3}
            online_movable m1.b{0,1}
            offline m1.b{0,1}
            veto point=notifier k={1,2,3,4,5} errno=EBUSY
            veto point={memmap,block-device} k=1 errno=ENOMEM
            """),
        ScopeText.Parse("device-memory-6.1", "device memory as 6.1 counts it", """
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=0 dialect=linux-6.1
            spec device-memory=3+2/1@0
            plug m1 sub-blocks={1,2}
            unplug m1 sub-blocks=1
            resize m1 sub-blocks={0,3}
            online_movable m1.b{0,1}
            offline m1.b0
            veto point=notifier k={2,4} errno=EBUSY
            poison m1.b0+{0,1}
            unpoison m1.b0+{0,1}
            """),
        ScopeText.Parse("offline-references", "PageOffline pages without a reference, as in source document 003", """
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=0 dialect=source-2019
            spec device-memory=3+1/1@0
            plug m1 sub-blocks=1
            unplug m1 sub-blocks=1
            online_movable m1.b0
            offline m1.b0
            get m1.b0+1
            put m1.b0+1
            veto point=notifier k={1,4} errno=EBUSY
            """),
        ScopeText.Parse("poison", "pages that fail, in every state they can be in, on 6.12", Toy + """
            dimm=1 auto-online=online-movable
            add d1 pages=2
            eject d1
            online_movable d1.b0
            offline d1.b0
            alloc a1 pages={1,2}
            alloc a1 pages=1 kind={unmovable,pinned}
            free a1
            get a1[0]
            put a1[0]
            poison d1.b0+{0,1}
            unpoison d1.b0+{0,1}
            soft-offline d1.b0+{0,1}
            hard-offline d1.b0+0
            """),
        ScopeText.Parse("poison-6.1", "pages that fail, on 6.1", Toy + """
            dimm=1 auto-online=online-movable dialect=linux-6.1
            add d1 pages=2
            eject d1
            online_movable d1.b0
            offline d1.b0
            alloc a1 pages={1,2}
            free a1
            get a1[0]
            put a1[0]
            poison d1.b0+{0,1}
            unpoison d1.b0+{0,1}
            soft-offline d1.b0+{0,1}
            """),
        ScopeText.Parse("poison-unplugged", "pages of device memory that fail while they are unplugged", """
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=0
            spec device-memory=3+1/1@0 balloon=virtio
            plug m1 sub-blocks=1
            unplug m1 sub-blocks=1
            online_movable m1.b0
            offline m1.b0
            poison m1.b0+{0,1}
            unpoison m1.b0+{0,1}
            soft-offline m1.b0+{0,1}
            inflate pages=1
            deflate pages=1
            tick seconds=300
            """) with { MostSeconds = 300 },
        .. ShallowScopes.All,
    ];
}
