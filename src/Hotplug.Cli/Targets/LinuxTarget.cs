using Hotplug.Adapters.Qemu;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Shrink;
using Hotplug.Generators.Kernels;

namespace Hotplug.Cli.Targets;

/// <summary>A real kernel in QEMU: <c>linux</c>, <c>linux:6.1</c>, or <c>linux:BZIMAGE,MODULES</c>.</summary>
internal static class LinuxTarget
{
    internal const string Name = "linux", Prefix = "linux:", DefaultVersion = "6.12";

    /// <summary>Everything that some configuration of a guest has.</summary>
    internal const Levels Offers = Levels.Core | Levels.Numa | Levels.MemmapOnMemory | Levels.Balloon | Levels.DeviceMemory
        | Levels.Hwpoison | Levels.Faults | Levels.Effects;

    /// <summary>Two guests side by side: each has one CPU, and stands still while something is waited for.</summary>
    internal static TargetTerms Terms { get; } = new()
    {
        Suite = static machine => Judges.SuiteFor(machine.Version),
        Sequences = static machine => new KernelSequences(LinuxMachine.SpecsOf(machine.Version)),
        MostWorkers = 2,
        Explains = false,
        Reruns = 4,
        OperationsPerSequence = 12,
        OperationLimit = TimeSpan.FromMinutes(5),
        Shrinking = new ShrinkBudget(Operations: 700, ProofOperations: 150, ProofLength: 3),
    };

    /// <summary>The name for a kernel that options chose; null if none did.</summary>
    internal static string? NameOf(string? version, string? kernel, string? modules) =>
        (version, kernel, modules) switch
        {
            (null, null, null) => null,
            ({ } chosen, null, null) => Prefix + chosen,
            (null, { } image, { } directory) => $"{Prefix}{image},{directory}",
            _ => throw new UsageException("a kernel is named by --kernel-version, or by --kernel and --modules together"),
        };

    /// <summary>Opens the machine of what follows the prefix.</summary>
    internal static LinuxMachine Open(string rest)
    {
        if (rest.Split(',') is [var kernel, var modules])
            return new LinuxMachine(LinuxOptions.Own(Path.GetFullPath(kernel), Path.GetFullPath(modules)));
        if (!LinuxOptions.Versions.Contains(rest))
            throw new UsageException($"--target {Prefix}{rest}: known versions are "
                + $"{string.Join(", ", LinuxOptions.Versions)}; a kernel of your own is {Prefix}BZIMAGE,MODULES");
        return new LinuxMachine(LinuxOptions.Find(rest));
    }
}
