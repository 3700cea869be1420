using System.Collections.Immutable;
using Hotplug.Contract.Rules;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// Defects of real kernels that the suite can predict (kernel-semantics 8.1). Knowing one is not using it: a defect
/// counts only where <c>expected/</c> declares it for the kernel that is judged.
/// </summary>
public static class KnownDefects
{
    /// <summary>What makes a watcher of each, by id.</summary>
    public static ImmutableSortedDictionary<string, Func<IKnownDefect>> All { get; } = new Func<IKnownDefect>[]
    {
        static () => new EjectRollbackZone(),
        static () => new EjectRollbackPoison(),
        static () => new PoisonedOfflineCounted(),
        static () => new PoisonForgotten(),
        static () => new UnpoisonFreesOffline(),
        static () => new UnpoisonFreesVmemmap(),
        static () => new PoisonedPageFreed(),
        static () => new AddWarns(),
        static () => new UnplugWarns(),
        static () => new UnplugLoops(),
    }.ToImmutableSortedDictionary(static make => make().Id, static make => make, StringComparer.Ordinal);
}
