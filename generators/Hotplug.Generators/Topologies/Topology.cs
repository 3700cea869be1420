using System.Collections.Immutable;
using Bogus;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Topologies;

/// <summary>A DIMM as a host's inventory shows it.</summary>
/// <param name="Slot">Where it sits: <c>P1_DIMM_C2</c>.</param>
/// <param name="Manufacturer">Who made it.</param>
/// <param name="PartNumber">Its part number.</param>
/// <param name="SerialNumber">Its serial number, eight hexadecimal digits.</param>
/// <param name="Gigabytes">Its capacity in GiB.</param>
/// <param name="Node">NUMA node of its socket.</param>
public sealed record Dimm(
    string Slot, string Manufacturer, string PartNumber, string SerialNumber, int Gigabytes, short Node);

/// <summary>
/// A host of plausible size, and the DIMMs that can be added to it while it runs. Equal seeds give equal hosts.
/// </summary>
/// <param name="Host">Its name.</param>
/// <param name="Sockets">Sockets, each a NUMA node.</param>
/// <param name="BootGigabytes">Memory that it boots with, in GiB.</param>
/// <param name="Dimms">What can be added, by slot.</param>
public sealed record Topology(string Host, short Sockets, int BootGigabytes, ImmutableArray<Dimm> Dimms)
{
    /// <summary>
    /// From so much boot memory on, x86 uses memory blocks of 2 GiB. Linux: probe_memory_block_size().
    /// </summary>
    public const int LargeBlocksFromGigabytes = 64;

    private const int MostGigabytes = 16 * 1024;
    private const int PagesPerGigabyte = 1 << 18;
    private const int SlotsPerChannel = 2;

    private static readonly (string Maker, string Part)[] s_makers =
        [("Samsung", "M393A#G##???-C??"), ("SK hynix", "HMA?#GR#?JR#N-??"), ("Micron", "MTA##ASF#G##??-#G#")];

    /// <summary>All the memory that it can have, in GiB.</summary>
    public long Gigabytes => BootGigabytes + Dimms.Sum(static d => (long)d.Gigabytes);

    /// <summary>Sections of one of its memory blocks: 1 (128 MiB) or 16 (2 GiB).</summary>
    public int SectionsPerBlock => BootGigabytes >= LargeBlocksFromGigabytes ? 16 : 1;

    /// <summary>The host that this seed gives.</summary>
    public static Topology Draw(ulong seed)
    {
        var randomizer = new Randomizer(unchecked((int)(seed ^ (seed >> 32))));   // Folded: half of the bits would do.
        var faker = new Faker { Random = randomizer };
        var sockets = randomizer.ArrayElement<short>([1, 1, 2, 2, 4, 8]);
        var channels = randomizer.ArrayElement([1, 2, 4, 6, 8]);
        var boot = randomizer.ArrayElement([16, 32, 64, 128, 256, 512]);
        // Memory of one kind: no DIMM is larger than what the host boots with.
        var capacity = Math.Min(boot, randomizer.ArrayElement([16, 32, 64, 128, 256, 512]));
        var dimms = ImmutableArray.CreateBuilder<Dimm>();
        var total = boot;
        for (short socket = 0; socket < sockets; socket++)
            for (var channel = 0; channel < channels; channel++)
                for (var slot = 1; slot <= SlotsPerChannel; slot++)
                {
                    if (randomizer.Bool(0.25f) || total + capacity > MostGigabytes)
                        continue;
                    total += capacity;
                    var (maker, part) = randomizer.ArrayElement(s_makers);
                    dimms.Add(new Dimm($"P{socket}_DIMM_{(char)('A' + channel)}{slot}", maker,
                        randomizer.Replace(part), randomizer.Hexadecimal(8, "").ToUpperInvariant(), capacity, socket));
                }

        var host = $"{faker.Internet.DomainWord()}-{randomizer.Number(1, 99):00}";
        return new Topology(host, sockets, boot, dimms.ToImmutable());
    }

    /// <summary>The machine: boot memory, then room for every DIMM.</summary>
    public MachineSpec ToSpec()
    {
        var spec = new MachineSpec { SectionsPerBlock = SectionsPerBlock, Nodes = Sockets, PcBoot = true };
        var bootBlocks = BlocksOf(spec, BootGigabytes);
        return spec with
        {
            BootBlocks = bootBlocks,
            // Firmware leaves room below the hot-pluggable range: device memory of 64-bit PCI.
            DimmFirstBlock = bootBlocks * 2,
            DimmBlocks = Dimms.Sum(d => BlocksOf(spec, d.Gigabytes)),
        };
    }

    /// <summary>One <c>add</c> per DIMM, in slot order: <c>d1</c> is the first.</summary>
    public IEnumerable<Operation> AddAll() => Dimms.Select(static (dimm, i) =>
        Operation.Add(Name.Device(i + 1), (long)dimm.Gigabytes * PagesPerGigabyte, dimm.Node));

    /// <summary>Prints the host and one line per DIMM.</summary>
    public override string ToString() =>
        $"{Host}: {Sockets} sockets, {BootGigabytes} GiB at boot, {Dimms.Length} DIMMs, {Gigabytes} GiB in all\n"
        + string.Concat(Dimms.Select(static d =>
            $"  {d.Slot}  {d.Gigabytes,3} GiB  node {d.Node}  "
            + $"{d.Manufacturer} {d.PartNumber}  serial {d.SerialNumber}\n"));

    private static int BlocksOf(MachineSpec spec, int gigabytes) =>
        (int)((long)gigabytes * PagesPerGigabyte / spec.PagesPerBlock);
}
