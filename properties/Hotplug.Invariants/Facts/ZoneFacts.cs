using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants.Facts;

/// <summary>How zones and nodes grow, shrink and end; see <see cref="Zones"/> and <see cref="Accounting"/>.</summary>
internal static class ZoneFacts
{
    internal static ImmutableArray<Sometimes> All { get; } =
    [
        new("zones.grows-downwards", "A zone's span grows at its start.", Levels.Core, When.ZonesChange,
            static seen => AnyZone(seen, static (before, after) => after.Start < before.Start && HaveMemory(before, after))),
        new("zones.shrinks-at-start", "A zone's span shrinks at its start.", Levels.Core, When.ZonesChange,
            static seen => AnyZone(seen, static (before, after) => after.Start > before.Start && HaveMemory(before, after))),
        new("zones.shrinks-at-end", "A zone's span shrinks at its end.", Levels.Core, When.ZonesChange,
            static seen => AnyZone(seen,
                static (before, after) => after.Spanned > 0 && after.Span.End < before.Span.End)),
        new("zones.becomes-empty", "A zone loses its last memory.", Levels.Core, When.ZonesChange,
            static seen => AnyZone(seen, static (before, after) => before.Spanned > 0 && after.Spanned == 0)),
        new("zones.hole", "A block in the middle of a zone leaves it: the span stays.", Levels.Core, When.ZonesChange,
            static seen => AnyZone(seen,
                static (before, after) => after.Span == before.Span && after.Present < before.Present)),
        new("zones.shrinks-over-hole", "A zone's span shrinks by more than what left: a hole was behind it.",
            Levels.Core, When.ZonesChange, static seen => AnyZone(seen, static (before, after) =>
                after.Spanned > 0 && before.Spanned - after.Spanned > before.Present - after.Present)),
        new("zones.spanning-refused", "A block that spans zones refuses to go offline.",
            Levels.Core, Occasion.Of(OperationKind.Offline), static seen => seen.Answer == Answer.Of(Errno.EINVAL)
                && Steps.Block(seen) is { IsOnline: true, Zone: ZoneKind.None }),
        new("zones.policy-chose-movable", "A block comes online in zone Movable because a policy says so.",
            Levels.Core, Occasion.Of(OperationKind.Online), static seen => seen.Answer.IsOk
                && seen.After.Find(seen.Spec.BlockOf(seen.Target.Range.Start)) is { Zone: ZoneKind.Movable }),
        new("zones.other-node-movable", "A zone Movable of another node has memory.", Levels.Numa, When.ZonesChange,
            static seen => AnyZone(seen, static (_, after) => after is { Id: { Node: > 0, Kind: ZoneKind.Movable }, Present: > 0 })),
        new("nodes.first-memory", "A node gets its first memory.", Levels.Numa, Occasion.Of(EffectKind.NodeMemory),
            static seen => Steps.Any(seen, EffectKind.NodeMemory, 1)),
        new("nodes.last-memory", "A node loses its last memory.", Levels.Numa, Occasion.Of(EffectKind.NodeMemory),
            static seen => Steps.Any(seen, EffectKind.NodeMemory, 0)),
        new("nodes.comes", "A node comes online with its memory.", Levels.Numa, Occasion.Of(EffectKind.NodeOnline),
            static seen => Steps.Any(seen, EffectKind.NodeOnline, 1)),
        new("nodes.goes", "A node goes offline with its memory.", Levels.Numa, Occasion.Of(EffectKind.NodeOnline),
            static seen => Steps.Any(seen, EffectKind.NodeOnline, 0)),
        new("nodes.migrated-across", "Pages migrate to another node.", Levels.Numa, Occasion.Of(EffectKind.Migrated),
            MigratesAcross),
    ];

    private static bool AnyZone(Transition seen, Func<ZoneObservation, ZoneObservation, bool> changed)
    {
        foreach (ref readonly var after in seen.After.Zones)
            if (seen.Before.Zone(after.Id) is var before && before != after && changed(before, after))
                return true;
        return false;
    }

    // An empty zone starts at 0.
    private static bool HaveMemory(in ZoneObservation before, in ZoneObservation after) => before.Spanned > 0 && after.Spanned > 0;

    private static bool MigratesAcross(Transition seen)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.Migrated
                && seen.Before.Find(seen.Spec.BlockOf(effect.Range.Start)) is { } to
                && seen.Before.Find(seen.Spec.BlockOf(effect.Value)) is { } from && to.Node != from.Node)
                return true;
        return false;
    }
}
