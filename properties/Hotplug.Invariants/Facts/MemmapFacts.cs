using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants.Facts;

/// <summary>Where memmap comes from and how it goes; see <see cref="Vmemmap"/> and <see cref="MemmapGroups"/>.</summary>
internal static class MemmapFacts
{
    private const Levels Hosting = Levels.Core | Levels.MemmapOnMemory;

    private static readonly Occasion s_add = Occasion.Of(OperationKind.Add);
    private static readonly Occasion s_freed = When.Removing.And(Occasion.Of(EffectKind.VmemmapFreed));

    internal static ImmutableArray<Sometimes> All { get; } =
    [
        new("memmap.several-sections", "A removal frees the memmap of several sections.",
            Levels.Core, s_freed, static seen => Steps.Count(seen, EffectKind.VmemmapFreed) > 1),
        new("memmap.group-teardown", "A group that served several sections is torn down by one removal.",
            Hosting, s_freed, static seen => Steps.Count(seen, EffectKind.VmemmapFreed) > 1
                && Steps.Any(seen, EffectKind.VmemmapHeadReference, 0)),
        new("memmap.fills-a-block", "The memmap of a whole device fills its first block.",
            Hosting, s_add, static seen => seen.Answer.IsOk && AnyNew(seen, full: true)),
        new("memmap.self-hosted", "An added block hosts its own memmap.",
            Hosting, s_add, static seen => seen.Answer.IsOk && AnyNew(seen, full: false)),
        new("memmap.falls-back", "Memmap is asked for on the added memory, and comes from elsewhere: it does not fit.",
            Hosting, s_add, static seen => seen.Answer.IsOk && !AnyNew(seen, full: false)
                && (MemmapPlacement)seen.Operation.Choice is MemmapPlacement.PerBlock or MemmapPlacement.PerDevice),
        new("memmap.self-hosted-offlined", "A block with its own memmap goes offline.",
            Hosting, Occasion.Of(OperationKind.Offline), static seen => seen.Answer.IsOk
                && Steps.Block(seen) is { Pages.Vmemmap: > 0 }),
        new("memmap.switched", "The memmap policy is changed while the machine runs.",
            Hosting, Occasion.Of(OperationKind.Policy), static seen => seen.Answer.IsOk
                && (PolicySetting)seen.Operation.Choice is PolicySetting.MemmapOn or PolicySetting.MemmapOff),
    ];

    // A block that was not there before, all of it or some of it memmap.
    private static bool AnyNew(Transition seen, bool full)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.Before is null && change.After is { Pages: { Vmemmap: > 0 } pages }
                && (!full || pages.Vmemmap == pages.Pages))
                return true;
        return false;
    }
}
