using System.Collections.Immutable;
using System.Text.Json;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Op = Hotplug.Contract.Operations.Operation;
using Reply = Hotplug.Contract.Machines.Answer;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// How the words of a recording become the words of the contract: the machine, the operations and their answers. One
/// table, so that a reader sees at one place what a recording is taken to mean.
/// </summary>
internal static class RecordingTable
{
    public const int PageBytes = 4096;
    public const int MiB = 1 << 20;
    public const int BlockPages = 128 * MiB / PageBytes;
    public const int FirstHotBlock = 32;

    public const long MostBytes = SpecRules.MostPages * PageBytes;

    private const int FirstDimmBlock = 40;
    private const int DimmBlocks = 244;     // QEMU's memory devices: 4 GiB up to 35.5 GiB.
    private const int RegionBlocks = 8;     // virtio-mem: 4 GiB up to 5 GiB.
    public const int SubBlockPages = 2 * MiB / PageBytes;

    /// <summary>
    /// Of the chain of a stock kernel, those callbacks that the suite knows. page_ext registers none where nobody asked
    /// for it at boot (mm/page_ext.c page_ext_init); the injector is built without ftrace, as all of lib/ is, and a
    /// stock kernel lets nobody probe such functions (kernel/trace/trace_kprobe.c within_notrace_func).
    /// </summary>
    public static ImmutableArray<NotifierSpec> Chain { get; } =
        [new("slub", 1), new("virtio-mem", 0), new("injector", 0, Unseen: true)];

    /// <summary>The machine that the header describes.</summary>
    public static MachineSpec Spec(Fields header, int bootBlocks)
    {
        var vm = header.Inner("vm");
        var numa = vm.Flag("numa");
        return new MachineSpec
        {
            BootBlocks = bootBlocks,
            PcBoot = true,
            DimmFirstBlock = FirstDimmBlock,
            DimmBlocks = DimmBlocks,
            Nodes = numa ? 2 : 1,
            MemmapOnMemory = MemmapPolicy(vm),
            AutoOnline = header.Has("auto") ? AutoOnlineOf(header) : AutoOnline.Offline,
            AutoMovable = vm.Has("policy") && vm.Text("policy") == "auto-movable",
            DeviceMemories = [new DeviceMemorySpec(FirstHotBlock, RegionBlocks, SubBlockPages, (short)(numa ? 1 : 0))],
            Balloons = [new BalloonSpec(BalloonDriver.Virtio, vm.Has("balloon") && vm.Text("balloon") == "doom")],
            Notifiers = Chain,
            Dialect = DialectOf(header),
        };
    }

    /// <summary>
    /// The operation of a line. A request that names nothing that exists did nothing but let time pass.
    /// </summary>
    public static Operation Operation(Fields op, MachineSpec spec, long balloonRam, ISet<int> devices)
    {
        var word = op.Text("op");
        var node = op.Has("node") ? (short)op.Number("node") : (short)(spec.Nodes - 1);
        switch (word)
        {
            case "add":
                return Op.Add(DeviceOf(op), op.Number("size", MostBytes / MiB) * MiB / PageBytes, node,
                    op.Has("addr") ? Name.RawPage(op.Number("addr", MostBytes) / PageBytes) : default);
            case "del":
                return devices.Contains(DeviceOf(op).Id) ? Op.Eject(DeviceOf(op)) : s_nothing;
            case "state":
                return StateWrite(op);
            case "auto":
                return Op.Policy(AutoSetting(op.Text("val")));
            case "alloc":
                return Op.Alloc(Name.Allocation((int)op.Number("id")), op.Number("pages"),
                    KindOf(op), node: op.Has("node") ? node : (short)(spec.Nodes > 1 ? node : -1));
            case "free":
                return Op.Free(Name.Allocation((int)op.Number("id")));
            case "balloon":
                return Op.BalloonTarget(BalloonDriver.Virtio,
                    BalloonPages(balloonRam, op.Has("bytes") ? op.Number("bytes") : op.Number("target") * MiB));
            case "vmem":
                return Op.Resize(Name.DeviceMemory(1),
                    op.Number("size") / (SubBlockPages * (long)PageBytes));
            case "notifier":
                return Op.NotifierError(NotificationOf(op), (Errno)(-op.Number("err")));
            case "hwpoison":
                return Op.Poison(Name.RawPage(op.Number("pfn", SpecRules.MostPages)));
            case "unpoison":
                return Op.Unpoison(Name.RawPage(op.Number("pfn", SpecRules.MostPages)));
            case "soft":
                return Op.SoftOffline(Name.RawPage(op.Number("pfn", SpecRules.MostPages)));
            case "hard":
                return Op.HardOffline(Name.RawPage(op.Number("pfn", SpecRules.MostPages)));
            case "get":
                return Op.Get(Name.Allocation((int)op.Number("id")).WithPage(op.Number("page")));
            case "put":
                return Op.Put(Name.Allocation((int)op.Number("id")).WithPage(op.Number("page")));
            case "online":
                return Op.WriteOnline(Name.RawBlock((int)op.Number("block")), op.Number("val") != 0);
            case "policy":
                return Op.Policy(op.Text("val") == "auto-movable"
                    ? PolicySetting.ZonesAutoMovable : PolicySetting.ZonesContig);
            case "tick":
                return s_nothing;
            default:
                throw op.Place.Fail("op", $"unknown operation '{word}'; known: add, del, state, online, auto, policy, "
                    + "alloc, free, get, put, balloon, vmem, notifier, hwpoison, unpoison, soft, hard, tick");
        }
    }

    /// <summary>The answer of a line. <paramref name="arrived"/>: an added range shows in the block list.</summary>
    public static Answer Answer(string word, Fields res, ImmutableArray<string> log, bool arrived)
    {
        if (res.Has("qmp"))
            return Reply.Rejected;
        return word switch
        {
            "add" => AddAnswer(res, log, arrived),
            "del" => res.Text("out") switch
            {
                "deleted" => Reply.Ok,
                "refused" => Reply.Of(Errno.EBUSY),
                "timeout" => Reply.Pending,
                var other => throw res.Place.Fail("out",
                    $"unknown result '{other}' of del; known: deleted, refused, timeout"),
            },
            "balloon" or "vmem" => res.Flag("reached") ? Reply.Ok : Reply.Pending,
            "state" or "online"
                when res.Has("signalled") && res.Flag("signalled") && res.Number("rc") == (long)Errno.EINTR =>
                Reply.Unfinished,
            _ => Reply.Of(ErrnoOf(res)),
        };
    }

    /// <summary>
    /// The device whose ejection the guest refused, when the event says that: ACPI_DEVICE_OST of source 3, not "in
    /// progress".
    /// </summary>
    public static int? RefusedEjection(JsonElement ev)
    {
        const int Ejection = 3, InProgress = 132;
        if (ev.ValueKind != JsonValueKind.Array || ev.GetArrayLength() != 2 || ev[0].ValueKind != JsonValueKind.String
            || !ev[0].ValueEquals("ACPI_DEVICE_OST") || !ev[1].TryGetProperty("info", out var info))
            return null;
        return NumberOf(info, "source") == Ejection && NumberOf(info, "status") is not (null or 0 or InProgress)
            && info.TryGetProperty("device", out var id) && Name.TryParse(id.GetString(), out var name)
            ? name.Id
            : null;
    }

    /// <summary>
    /// Pages that the balloon is asked to hold: QEMU keeps what lies between its RAM and the target. 0 asks for
    /// nothing.
    /// </summary>
    public static long BalloonPages(long ramBytes, long targetBytes) => Math.Max(0, ramBytes - targetBytes) / PageBytes;

    private static int? NumberOf(JsonElement info, string name) =>
        info.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) ? number : null;

    private static readonly Operation s_nothing = Op.Tick(1);

    // The guest reports success of an ACPI insertion even when the range made no block; the errno is in its log.
    private static Answer AddAnswer(Fields res, ImmutableArray<string> log, bool arrived)
    {
        if (arrived)
            return Reply.Ok;
        if (KernelLog.SaysUnaligned(log))
            return Reply.Of(Errno.EINVAL);
        if (KernelLog.SaysAddFailed(log))
            return Reply.Of(Errno.ENOMEM);
        return res.Has("ost") ? Reply.Ok : Reply.Pending;
    }

    private static Operation StateWrite(Fields op)
    {
        var block = Name.RawBlock((int)op.Number("block", SpecRules.MostPages / BlockPages));
        return op.Text("val") switch
        {
            "online" => Op.Online(block),
            "online_kernel" => Op.Online(block, OperationKind.OnlineKernel),
            "online_movable" => Op.Online(block, OperationKind.OnlineMovable),
            "offline" => Op.Offline(block),
            "" => Op.WriteState(block, StateText.Empty),
            _ => Op.WriteState(block, StateText.Nonsense),
        };
    }

    private static PolicySetting AutoSetting(string value) => value switch
    {
        "offline" => PolicySetting.AutoOffline,
        "online" => PolicySetting.AutoOnline,
        "online_kernel" => PolicySetting.AutoOnlineKernel,
        "online_movable" => PolicySetting.AutoOnlineMovable,
        _ => PolicySetting.AutoNonsense,
    };

    private static AllocationKind KindOf(Fields op) => op.Text("kind") switch
    {
        "anon" or "memfd" or "thp" => AllocationKind.Movable,
        "pipe" or "packet" => AllocationKind.Unmovable,
        "ramfs" => AllocationKind.Unmigratable,
        "vmsplice" => AllocationKind.Pinned,
        "pin" => AllocationKind.LongTermPinned,
        var other => throw op.Place.Fail("kind",
            $"unknown kind '{other}'; known: anon, memfd, thp, pipe, packet, ramfs, vmsplice, pin"),
    };

    private static MemoryNotification NotificationOf(Fields op) => op.Text("ev") switch
    {
        "MEM_GOING_OFFLINE" => MemoryNotification.GoingOffline,
        "MEM_GOING_ONLINE" => MemoryNotification.GoingOnline,
        var other => throw op.Place.Fail("ev", $"unknown event '{other}'; known: MEM_GOING_OFFLINE, MEM_GOING_ONLINE"),
    };

    private static MemmapOnMemory MemmapPolicy(Fields vm) => vm.Raw("mom").ToString() switch
    {
        "True" => MemmapOnMemory.On,
        "False" => MemmapOnMemory.Off,
        "force" => MemmapOnMemory.Force,
        var other => throw vm.Place.Fail("mom", $"'mom' is {other}: expected true, false or \"force\""),
    };

    private static AutoOnline AutoOnlineOf(Fields header) => header.Text("auto") switch
    {
        "offline" => AutoOnline.Offline,
        "online" => AutoOnline.Online,
        "online_kernel" => AutoOnline.OnlineKernel,
        "online_movable" => AutoOnline.OnlineMovable,
        var other => throw header.Place.Fail("auto",
            $"'auto' is {other}: expected offline, online, online_kernel or online_movable"),
    };

    private static Dialect DialectOf(Fields header)
    {
        var kernel = header.Text("kernel");
        return DialectOf(kernel) ?? throw header.Place.Fail("kernel",
            $"kernel '{kernel}' is not known; known: {string.Join(", ", Dialect.Kernels.Select(static d => d.Name))}");
    }

    /// <summary>Which rules a kernel of this release follows; null if it is not known.</summary>
    public static Dialect? DialectOf(string release) => Dialect.Kernels.FirstOrDefault(
        d => release.StartsWith(d.Name["linux-".Length..] + ".", StringComparison.Ordinal));

    private static Name DeviceOf(Fields op) =>
        Name.TryParse(op.Text("id"), out var name) && name is { Kind: NameKind.Device, Block: < 0 }
        ? name
        : throw op.Place.Fail("id", $"'id' is {op.Text("id")}: expected d<number>");

    private static Errno ErrnoOf(Fields res)
    {
        var number = res.Number("rc");
        return number is >= 0 and <= ErrnoText.Largest
            ? (Errno)number
            : throw res.Place.Fail("rc", $"'rc' is {number}: expected 0 to {ErrnoText.Largest}");
    }
}
