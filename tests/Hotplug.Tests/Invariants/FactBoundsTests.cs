using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Invariants.Facts;
using Xunit;
using static Hotplug.Tests.Invariants.Scene;

namespace Hotplug.Tests.Invariants;

/// <summary>Which facts of a kind hold of a transition, and which nearly do.</summary>
public sealed class FactBoundsTests
{
    private const ZoneKind Movable = ZoneKind.Movable;

    private static readonly Row[] s_rows =
    [
        new("zones.", "nothing changes", Of(Operation.Tick(1)), []),
        new("zones.", "a block joins below", Of(Operation.Online(Name.RawBlock(3))).From(static s => s.Add(3)).Then(static s => s.Online(3, Movable)),
            "zones.grows-downwards", "zones.policy-chose-movable"),
        new("zones.", "a block joins above", Of(Operation.Tick(1)).Then(static s => s.Add(9, Movable))),
        new("zones.", "the first block joins", Of(Operation.Tick(1)).From(Empty)
            .From(static s => s.Zone(Movable, static z => z.Spanned > 0 ? z : z with { Start = 130 })).Then(static s => s.Online(4, Movable))),
        new("zones.", "the first block leaves, a hole is behind it", Of(Operation.Tick(1)).Then(static s => s.Offline(4)),
            "zones.shrinks-at-start", "zones.shrinks-over-hole"),
        new("zones.", "the first block leaves", Of(Operation.Tick(1)).From(static s => s.Online(5, Movable)).Then(static s => s.Offline(4)),
            "zones.shrinks-at-start"),
        new("zones.", "the last block leaves", Of(Operation.Tick(1)).From(static s => s.Add(9, Movable)).Then(static s => s.Offline(9)), "zones.shrinks-at-end"),
        new("zones.", "a block inside leaves", Of(Operation.Tick(1)).From(static s => s.Online(5, Movable)).Then(static s => s.Offline(5)), "zones.hole"),
        new("zones.becomes", "the only block leaves", Of(Operation.Tick(1)).From(static s => s.Offline(8)).Then(static s => s.Offline(4)), "zones.becomes-empty"),
        new("zones.", "an empty zone stays empty", Of(Operation.Tick(1)).From(Empty).Then(static s => s.Zone(Movable, static z => z with { Start = 9 }))),

        Ejecting(0, 0), Ejecting(1, 0, "rollback.fails-itself"), Ejecting(2, 0, "rollback.fails-itself"), Ejecting(0, 1), Ejecting(0, 2),
        Ejecting(1, 1, "rollback.one-block"), Ejecting(1, 2), Ejecting(2, 1, "rollback.fails-itself"), Ejecting(2, 2, "rollback.several-blocks"),

        Counting(EffectKind.IsolationCounted, 0), Counting(EffectKind.IsolationCounted, 1, "cmm.counted-for-isolation"),
        Counting(EffectKind.IsolationCounted, 5, "cmm.counted-for-isolation"), Counting(EffectKind.PresentChanged, 5),
    ];

    public static TheoryData<string> Names => new(s_rows.Select(static r => r.What));

    [Theory]
    [MemberData(nameof(Names))]
    public void These_facts_hold_and_no_other(string what)
    {
        var row = s_rows.Single(r => r.What == what);
        var seen = row.Scene.Seen();
        Assert.Equal(row.Facts.Order(), FactCatalogue.All
            .Where(fact => fact.Id.StartsWith(row.Kind, StringComparison.Ordinal) && fact.When.Names(seen.Operation.Kind, isStart: false)
                && fact.When.Arises(seen.StepsTaken, seen.Happened) && fact.Happens(seen))
            .Select(static fact => fact.Id).Order());
    }

    private static void Empty(Sketch sketch)
    {
        sketch.Offline(4);
        sketch.Offline(8);
    }

    // A refused ejection took so many blocks offline, and brought so many back.
    private static Row Ejecting(int offline, int online, params string[] facts)
    {
        var scene = Failing(Operation.Eject(D1), Errno.EBUSY);
        for (var block = 0; block < offline; block++)
            scene.Doing(EffectScript.Step(EffectKind.SectionsOffline, EffectScript.Block4));
        for (var block = 0; block < online; block++)
            scene.Doing(EffectScript.Step(EffectKind.SectionsOnline, EffectScript.Block4));
        return new("rollback.", $"{offline} go offline, {online} come back", scene, facts);
    }

    private static Row Counting(EffectKind kind, int pages, params string[] facts) =>
        new("cmm.", $"{kind} of {pages}", Of(Operation.Tick(1)).Doing(EffectScript.Step(kind, EffectScript.Body4, pages)), facts);

    private sealed record Row(string Kind, string What, Scene Scene, params string[] Facts);
}
