using Hotplug.Adapters.Recording;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Qemu;

/// <summary>What must be decided before a guest boots; everything else is set while it runs.</summary>
/// <param name="Numa">Hot memory lives on a node of its own, which is empty at boot; otherwise there is one
/// node.</param>
/// <param name="Memmap">memory_hotplug.memmap_on_memory.</param>
/// <param name="DeflateOnOom">The balloon has VIRTIO_BALLOON_F_DEFLATE_ON_OOM.</param>
internal sealed record GuestShape(bool Numa, MemmapOnMemory Memmap, bool DeflateOnOom)
{
    internal const int BootMiB = 512, Slots = 16, MostMemoryGiB = 16, RegionMiB = 1024;

    // QEMU 7.2's emulation of CMPXCHG16B leaves garbage in EFLAGS when an interrupt comes at once: the guest then
    // traps, or never takes an interrupt again. The kernel does without when it believes that there is none (feature
    // 4*32+13); the agent cannot.
    private const string NoCompareExchange16 = "clearcpuid=141";

    // A busy host makes a guest measure its timers wrong, and believe that its CPU was stuck for as long as the guest
    // itself was not run: the lockup detector waits two minutes. An NMI makes a silent guest tell where it stands.
    private const string BootParameters = "console=ttyS0 panic=-1 loglevel=1 nokaslr no_timer_check "
        + $"{NoCompareExchange16} unknown_nmi_panic watchdog_thresh=60";

    /// <summary>First block of device memory, and of DIMMs: QEMU places them behind each other from 4 GiB on.</summary>
    internal const int FirstHotBlock = 32, FirstDimmBlock = 40, RegionBlocks = 8, BootBlocks = 4;

    /// <summary>
    /// Blocks of 128 MiB that QEMU offers to DIMMs: its region is maxmem - boot memory and 1 GiB of alignment for each
    /// slot.
    /// </summary>
    internal const int DimmBlocks = 244;

    internal const int SubBlockPages = 512;

    internal const long SubBlockBytes = 2 << 20, BlockBytes = 128 << 20;

    /// <summary>
    /// The shape that the spec asks for. Throws <see cref="HarnessException"/> for a spec that QEMU does not offer.
    /// </summary>
    internal static GuestShape Of(MachineSpec spec, Dialect dialect)
    {
        if (spec.Balloons is not [{ Driver: BalloonDriver.Virtio } balloon])
            throw Refuse("it has one virtio balloon");
        var shape = new GuestShape(spec.Nodes > 1, spec.MemmapOnMemory, balloon.DeflateOnOom);
        if (spec.MemmapOnMemory == MemmapOnMemory.Force && !dialect.Has(DialectItem.AltmapMultiBlock))
            throw Refuse("memmap_on_memory=force came with 6.12");
        return Matches(spec, shape.Spec(dialect)) ? shape
            : throw Refuse("sizes and ranges are those of LinuxMachine.Spec");
    }

    /// <summary>The machine as a spec.</summary>
    internal MachineSpec Spec(Dialect dialect) => new()
    {
        BootBlocks = BootBlocks,
        PcBoot = true,
        DimmFirstBlock = FirstDimmBlock,
        DimmBlocks = DimmBlocks,
        Nodes = Numa ? 2 : 1,
        MemmapOnMemory = Memmap,
        AutoOnline = dialect.Has(DialectItem.AutoOnlineByDefault) ? AutoOnline.Online : AutoOnline.Offline,
        DeviceMemories = [new DeviceMemorySpec(FirstHotBlock, RegionBlocks, SubBlockPages, (short)(Numa ? 1 : 0))],
        Balloons = [new BalloonSpec(BalloonDriver.Virtio, DeflateOnOom)],
        Notifiers = RecordingTable.Chain,
        Dialect = dialect,
    };

    /// <summary>QEMU's arguments, but for the paths of sockets and files.</summary>
    internal IEnumerable<string> Arguments(string accelerator)
    {
        // Four levels of page tables: the vmemmap lies where HostView looks.
        List<string> words =
        [
            "-M", $"q35,accel={accelerator}", "-cpu", "max,la57=off",
            "-m", $"{BootMiB}M,slots={Slots},maxmem={MostMemoryGiB}G", "-smp", "1",
            "-nographic", "-nodefaults", "-no-user-config", "-no-reboot",
        ];
        if (Numa)
            words.AddRange("-object", $"memory-backend-ram,id=boot,size={BootMiB}M",
                "-numa", "node,nodeid=0,cpus=0,memdev=boot", "-numa", "node,nodeid=1");
        words.AddRange("-device", "virtio-serial-pci,id=serial",
            "-device", "virtserialport,chardev=agent,name=agent,bus=serial.0",
            "-object", $"memory-backend-ram,id=region,size={RegionMiB}M",
            "-device", $"virtio-mem-pci,id=m1,memdev=region,requested-size=0,node={(Numa ? 1 : 0)}",
            "-device", $"virtio-balloon-pci,id=balloon{(DeflateOnOom ? ",deflate-on-oom=on" : "")}",
            "-append", $"{BootParameters} memory_hotplug.memmap_on_memory={MemmapWord}");
        return words;
    }

    /// <summary>The word of the boot parameter.</summary>
    internal string MemmapWord => Memmap switch
    {
        MemmapOnMemory.Off => "0",
        MemmapOnMemory.On => "1",
        _ => "force",
    };

    // The policies may differ: they are set while the guest runs.
    private static bool Matches(MachineSpec spec, MachineSpec offered) => SpecText.Print(offered)
        == SpecText.Print(spec with { AutoOnline = offered.AutoOnline, AutoMovable = offered.AutoMovable });

    private static HarnessException Refuse(string rule) => new($"the linux machine does not offer this spec: {rule}");
}
