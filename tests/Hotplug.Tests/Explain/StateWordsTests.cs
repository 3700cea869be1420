using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Explain;
using Hotplug.Tests.Invariants;
using Xunit;

namespace Hotplug.Tests.Explain;

/// <summary>Whatever differs between two looks at a machine is told on a line of its own, and nothing else is.</summary>
public sealed class StateWordsTests
{
    private static readonly (string Name, Action<Sketch> Change)[] s_changes =
    [
        ("a page", static s => s[4].Fill(30, 2, Scene.Used)),
        ("a block", static s => s.Remove(8)),
        ("a zone", static s => s.Zone(ZoneKind.Movable, static z => z with { Free = z.Free + 1 })),
        ("a device", static s => s.Devices.Add(new DeviceObservation(Name.Device(1), new PageRange(128, 64), 64, 8, false))),
        ("a balloon", static s => s.Balloons.Add(new BalloonObservation(BalloonDriver.Xen, 4, 5, false))),
        ("memory of a node", static s => s.Node(0, static n => n with { HasMemory = !n.HasMemory })),
        ("normal memory of a node", static s => s.Node(0, static n => n with { HasNormalMemory = !n.HasNormalMemory })),
        ("a node", static s => s.Node(0, static n => n with { Online = !n.Online })),
        ("the total", static s => s.TotalOff++),
        ("what is poisoned", static s => s.PoisonedOff++),
        ("memmap", static s => s.MemmapPages++),
        ("a resource", static s => s.Resources = [new PageRange(0, 7), new PageRange(9, 1)]),
    ];

    public static TheoryData<string, string> Told => new()
    {
        { "a page", "memory4: online, zone movable, pages [0,32) @before -> online, zone movable, pages [0,30) @before, [30,32) @used" },
        { "a block", "memory8: online, zone movable, pages [0,32) @before -> not there" },
        { "a zone", "zone Movable of node 0: start 128 spanned 160 present 64 managed 64 free 64 -> start 128 spanned 160 present 64 managed 64 free 65" },
        { "a device", "device d1: not there -> [128,192), 64 pages plugged, 8 requested" },
        { "a balloon", "balloon xen: not there -> 4 pages of 5" },
        { "memory of a node", "node0: online, has memory, has normal memory -> online, has normal memory" },
        { "normal memory of a node", "node0: online, has memory, has normal memory -> online, has memory" },
        { "a node", "node0: online, has memory, has normal memory -> offline, has memory, has normal memory" },
        { "the total", "MemTotal: 96 pages -> 97 pages" },
        { "what is poisoned", "HardwareCorrupted: 0 pages -> 1 pages" },
        { "memmap", "memmap in other memory: 0 pages -> 1 pages" },
        { "a resource", "/proc/iomem: [128,160) [256,288) -> [0,7) [9,10)" },
    };

    [Theory]
    [MemberData(nameof(Told))]
    public void What_differs_is_told_before_and_after(string name, string line)
    {
        var change = s_changes.Single(c => c.Name == name).Change;
        var (before, after) = (new Observation(), new Observation { Version = 1000 });
        Start().WriteTo(before, Visibility.All);
        var sketch = Start();
        change(sketch);
        sketch.WriteTo(after, Visibility.All);

        var expected = line.Replace("@before", PageState.Free(3).ToString(), StringComparison.Ordinal)
            .Replace("@used", Scene.Used.ToString(), StringComparison.Ordinal);
        // A block that goes takes pages of its zone and more with it.
        Assert.Contains(expected, StateWords.Difference(before, after));
        if (name is not ("a page" or "a block"))
            Assert.Single(StateWords.Difference(before, after));
        Assert.Equal(StateWords.Difference(before, after).Order(StringComparer.Ordinal), StateWords.Difference(before, after));
        Assert.Empty(StateWords.Difference(after, after));
    }

    [Fact]
    public void Of_many_runs_of_pages_the_first_are_told_and_how_many_there_are_more()
    {
        Assert.EndsWith($"[5,6) {Scene.Used}", Line(6), StringComparison.Ordinal);
        Assert.EndsWith($"[5,6) {Scene.Used} and 1 runs more", Line(7), StringComparison.Ordinal);

        // So many runs, the last one up to the end of the block.
        static string Line(int runs)
        {
            var (before, after) = (new Observation(), new Observation { Version = 1000 });
            Start().WriteTo(before, Visibility.All);
            var sketch = Start();
            for (var i = 0; i < runs; i++)
                sketch[4].Fill(i, 32 - i, i % 2 == 0 ? PageState.Free(0) : Scene.Used);
            sketch.WriteTo(after, Visibility.All);
            return StateWords.Difference(before, after).Single(static l => l.StartsWith("memory4", StringComparison.Ordinal))
                .Replace("[5,32)", "[5,6)", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Pages_are_told_of_online_blocks_that_show_them(bool isOnline, bool showsPages)
    {
        var (before, after) = (new Observation(), new Observation { Version = 1000 });
        Start().WriteTo(before, Visibility.All);
        var sketch = Start();
        if (!isOnline)
            sketch.Offline(4);
        sketch[4].ShowsPages = showsPages;
        sketch.WriteTo(after, Visibility.All);

        Assert.EndsWith(isOnline ? "-> online, zone movable" : "-> offline, zone movable",
            StateWords.Difference(before, after).Single(static l => l.StartsWith("memory4", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    // Boot memory, and two blocks in zone Movable.
    private static Sketch Start()
    {
        var sketch = new Sketch(Scene.Toy);
        sketch.Add(0, ZoneKind.Normal);
        sketch.Add(4, ZoneKind.Movable);
        sketch.Add(8, ZoneKind.Movable);
        return sketch;
    }
}
