using System.Collections.Immutable;
using Hotplug.Engine.Explore;

namespace Hotplug.Generators.Scopes;

/// <summary>
/// Scopes of which only the first few operations are tried: what a failure is shrunk to in them is shorter than in those
/// that are visited whole, because memory comes online on arrival or was there from the start.
/// </summary>
internal static class ShallowScopes
{
    private const int MostOperations = 4;

    private const string Toy = "spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 ";
    private const string Hosting = "spec pageblock=1 section=2 max-order=1 descriptor-bytes=2048 boot=2 dimm-first=2 ";

    internal static ImmutableArray<Scope> All { get; } =
    [
        Parse("boot-faults", "memory that was there from the start: pages that fail, sticky errors", Toy + """
            dimm=0
            offline d0.b{0,1}
            online d0.b{0,1}
            alloc a1 pages=1
            poison d0.b{0,1}+{0,1}
            poison a1[0]
            unpoison d0.b{0,1}+{0,1}
            notifier-error event={going-online,going-offline} errno=EPERM
            """),
        ScopeText.Parse("boot-references", "a page of it that somebody has, fails and lies in a block that goes, on 6.1", """
            spec pageblock=1 section=2 max-order=0 boot=1 dimm-first=1 dimm=0 dialect=linux-6.1
            alloc a1 pages=1
            get a1[0]
            poison a1[0]
            offline d0.b0
            online d0.b0
            """) with { MostOperations = 5 },
        Parse("boot-balloon", "memory that was there from the start, and balloons in it", Toy + """
            dimm=0 balloon=virtio,hyper-v,xen
            offline d0.b{0,1}
            online d0.b1
            inflate driver={virtio,hyper-v,xen} pages=1
            deflate driver={virtio,hyper-v,xen} pages=1
            """),
        Parse("arrival-kernel", "blocks that come online on arrival, in a kernel zone", Toy + """
            dimm=2 auto-online=online-kernel
            add d1 pages={2,4}
            remove d1.b{0,1} blocks=1
            offline-remove d1
            offline-remove d1.b{0,1}
            eject d1
            offline d1.b0
            alloc a1 pages=1 kind=unmovable
            alloc a1 pages={1,5}
            contig a1 at=d1.b0 pages=1
            free a1
            """),
        Parse("arrival-node", "a node that comes online with its memory", Toy + """
            dimm=2 nodes=2 auto-online=online-kernel
            add d{1,2} pages=2 node={0,1}
            remove d1
            offline d1.b0
            """),
        Parse("memmap-node", "memory whose memmap has no room where it must be", Toy + """
            dimm=2 nodes=2 memmap-node=1 device-memory=4+1/2@1
            add d1 pages=2 node={0,1}
            plug m1 sub-blocks=1
            """),
        Parse("arrival-balloon", "blocks that come online on arrival, and balloons in them", Toy + """
            dimm=2 auto-online=online-movable balloon=virtio,hyper-v,xen
            add d1 pages={2,4}
            inflate driver={virtio,hyper-v,xen} pages=1
            deflate driver={virtio,hyper-v,xen} pages=1
            offline d1.b0
            eject d1
            """),
        Parse("arrival-memmap", "blocks with a memmap of their own that come online on arrival", Hosting + """
            dimm=3 nodes=2 memmap-on-memory=on auto-online=online-kernel
            add d1 pages={2,4} memmap={boot,per-block,per-device}
            add d{1,2} pages={2,4} node=1
            remove d1
            remove d1.b0 blocks={1,2}
            offline d1.b0
            offline-remove d1
            eject d1
            alloc a1 pages=1 kind=unmovable
            veto point=notifier k={1,2,3,4,6} errno=EPERM
            """),
        Parse("arrival-memmap-2019", "blocks with a memmap of their own, as source document 001 has them", Hosting + """
            dimm=2 nodes=2 memmap-on-memory=on auto-online=online-kernel dialect=source-2019 device-memory=4+1/2@1
            add d{1,2} pages={2,4} node=1
            add d1 pages=4 memmap=per-device
            plug m1 sub-blocks=1
            remove d1
            offline d1.b0
            veto point=notifier k={1,2,3} errno=EPERM
            """),
        Parse("auto-movable", "zones chosen by how much memory is movable already", Toy + """
            dimm=2 nodes=2 auto-movable=1 device-memory=4+2/1@1
            add d{1,2} pages=2 node={0,1}
            remove d1
            plug m1 sub-blocks={1,3}
            online d{1,2}.b0
            online m1.b0
            online_kernel d1.b0
            write-online d1.b0 value={0,1}
            offline d1.b0
            """),
        Parse("pcplists", "per-CPU lists of two zones: filled, drained, disabled", """
            spec pageblock=1 section=4 max-order=1 descriptor-bytes=64 boot=1 dimm-first=1 dimm=1 cpus=2
            spec auto-online=online-movable pcp-high=2 pcp-batch=2
            add d1 pages=4
            alloc a{1,2} pages={1,2}
            free a{1,2}
            pcp do={drain,disable,enable}
            offline d1.b0
            """),
        Parse("pcplists-short", "per-CPU lists that hold one page", """
            spec pageblock=1 section=2 max-order=0 descriptor-bytes=64 boot=2 dimm-first=2 dimm=0
            spec pcp-high=1 pcp-batch=1
            alloc a{1,2} pages={1,2} kind={movable,unmovable}
            free a{1,2}
            pcp do={drain,disable,enable}
            """),
        Parse("device-memory-node", "device memory whose second block has its memmap in the first one", """
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=1 dimm-first=1 dimm=0 nodes=2
            spec device-memory=2+2/1@1 auto-online=online-kernel
            plug m1 sub-blocks={1,3}
            unplug m1 sub-blocks={1,3}
            """),
        ScopeText.Parse("cmm-pageblocks", "several pages of a pageblock on loan", """
            spec page-bytes=64 pageblock=2 section=4 max-order=1 descriptor-bytes=16 boot=2 dimm-first=2 dimm=0
            spec balloon=cmm notifier=cmm:1 cmm-least-active=0 cmm-hotplug-delay=1
            offline d0.b{0,1}
            loan-target pages={2,5}
            tick seconds=1
            """) with { MostOperations = MostOperations, MostSeconds = 4 },
        Callbacks("callbacks", "a slot", "balloon=xen,hyper-v"),
        Callbacks("callbacks-list", "a list", "balloon=xen,hyper-v online-callbacks=list"),
        Parse("contig-arrival", "exact ranges over PageOffline pages in a kernel zone", """
            spec pageblock=1 section=4 max-order=1 descriptor-bytes=64 boot=1 dimm-first=1 dimm=0
            spec device-memory=2+1/1@0 auto-online=online-kernel
            plug m1 sub-blocks={2,3}
            alloc a1 pages={1,2,4}
            contig a2 at=m1.b0 pages={3,4}
            """),
        Parse("device-memory-memmap", "device memory where DIMMs have a memmap of their own", """
            spec pageblock=1 section=4 max-order=1 descriptor-bytes=1024 boot=1 dimm-first=1 dimm=0
            spec device-memory=2+1/1@0 memmap-on-memory=on auto-online=online-kernel
            plug m1 sub-blocks=1
            offline m1.b0
            """),
        Parse("arrival-auto-movable", "zones chosen on arrival by how much memory is movable already", Toy + """
            dimm=2 auto-movable=1 auto-online=online-kernel
            add d{1,2} pages=2
            remove d1
            offline d1.b0
            online d1.b0
            """),
        DeviceMemoryOnArrival("device-memory-arrival", "on 6.12", "auto-online=online-movable"),
        DeviceMemoryOnArrival("device-memory-arrival-kernel", "on 6.12, in a kernel zone", "auto-online=online-kernel"),
        DeviceMemoryOnArrival("device-memory-arrival-6.1", "on 6.1", "auto-online=online-movable dialect=linux-6.1"),
        DeviceMemoryOnArrival("device-memory-arrival-2019", "as source document 003 has it",
            "auto-online=online-movable dialect=source-2019"),
    ];

    private static Scope Callbacks(string name, string where, string spec) =>
        Parse(name, $"drivers that set their callback in {where}, and the memory that they add", $$"""
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=2
            spec auto-online=online-kernel {{spec}}
            set-callback owner={xen,hyper-v} action={set,restore}
            add d{1,2} pages=2
            add d{1,2} pages=2 owner={xen,hyper-v}
            add d{1,2} pages=2 owner={xen,hyper-v} block-devices=unregistered
            online d1.b0
            offline d1.b0
            back d1.b0+0
            inflate driver=xen pages=1
            deflate driver=xen pages=1
            """);

    private static Scope DeviceMemoryOnArrival(string name, string where, string spec) =>
        Parse(name, $"device memory whose blocks come online on arrival, {where}", $$"""
            spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=1 dimm-first=1 dimm=0
            spec device-memory=2+1/1@0 {{spec}}
            plug m1 sub-blocks={1,2}
            unplug m1 sub-blocks={1,2}
            resize m1 sub-blocks={0,1}
            online m1.b0
            offline m1.b0
            alloc a1 pages=1 kind={movable,pinned}
            alloc a1 pages=2
            get m1.b0+1
            put m1.b0+1
            poison m1.b0+{0,1}
            unpoison m1.b0+{0,1}
            contig a1 at=m1.b0 pages=2
            veto point=notifier k={1,4} errno=EPERM
            notifier-error event=going-offline errno=EPERM
            """);

    private static Scope Parse(string name, string covers, string text) =>
        ScopeText.Parse(name, covers, text) with { MostOperations = MostOperations };
}
