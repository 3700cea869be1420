using Hotplug.Adapters.Dll;
using Hotplug.Adapters.Stdio;
using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Generators.Floors;

namespace Hotplug.Cli.Targets;

/// <summary>The machines that come with the suite.</summary>
public static class BundledTargets
{
    /// <summary>All of them; the first one is the default.</summary>
    public static TargetTable Table { get; } = new(
    [
        new("bitmap",
            "Our own machine, in process: bit planes and a buddy allocator, up to terabytes of simulated memory.",
            [.. FaultTable.Forms.Select(static f => new SeededFault(f.Id, f.Statement, f.KilledBy)
            {
                Family = f.Family,
                Catalogue = f.Catalogue,
                Shortest = f.Shortest,
                Source = f.Source,
            })],
            static fault => fault is null
                ? BitmapMachine.Create()
                : BitmapMachine.Create(FaultTable.Find(fault)!.Fault))
        {
            Terms = TargetTerms.Usual with { Floors = DeclaredFloors.All },
            Races = new(
                static fault => fault is null
                    ? BitmapMachine.CreateScheduled()
                    : BitmapMachine.CreateScheduled(RaceFaultTable.Find(fault)!.Fault),
                [.. RaceFaultTable.Forms.Select(static f => new SeededRaceFault(f.Id, f.Statement, f.KilledBy)
                {
                    Family = f.Family,
                    Source = f.Source,
                })]),
        },
        new(LinuxTarget.Name,
            $"A real, unmodified Linux kernel in QEMU: Debian's {LinuxTarget.DefaultVersion}; scripts/fetch-kernel and "
            + "scripts/build-agent get what it needs.",
            [], static _ => LinuxTarget.Open(LinuxTarget.DefaultVersion))
        {
            Terms = LinuxTarget.Terms,
            Offers = LinuxTarget.Offers,
        },
    ],
    [
        new(LinuxTarget.Prefix, "VERSION|BZIMAGE,MODULES",
            "Another kernel in QEMU: one that scripts/fetch-kernel knows, or your own.", LinuxTarget.Open)
        {
            Terms = LinuxTarget.Terms,
        },
        new("stdio:", "COMMAND", "Any program that speaks the protocol of src/Hotplug.Contract/Wire/PROTOCOL.md.",
            OpenStdio)
        {
            // Every operation is a message there and one back.
            Terms = new TargetTerms
            {
                Shrinking = TargetTerms.Usual.Shrinking with { ScopeEdges = 10_000 },
                Explains = false,
            },
        },
        new("", "FILE.dll[:CLASS]", "A class of any .NET assembly that implements IMachine of Hotplug.Contract.", OpenDll)
        {
            Fits = MachineAssembly.IsName,
        },
    ]);

    private static IMachine OpenDll(string name)
    {
        try
        {
            return MachineAssembly.Load(name).Open();
        }
        catch (MachineAssemblyException refused)
        {
            throw new UsageException($"--target {name}: {refused.Message}", refused);
        }
    }

    private static StdioMachine OpenStdio(string command) =>
        PeerCommand.TryParse(command, out var parsed, out var error)
        ? StdioMachine.Open(parsed, new StdioOptions())
        : throw new UsageException($"--target stdio:{command}: {error}");
}
