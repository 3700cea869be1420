using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Tests.Invariants;

/// <summary>
/// A hand-made transition. Blocks of 32 pages: 0 is boot memory in zone Normal with 4 balloon pages; d1 has 4, online
/// in zone Movable and self-hosting 8 vmemmap pages, and 5, offline; m1 has 8, online in zone Movable, 8 of its pages
/// plugged.
/// </summary>
internal sealed class Scene
{
    public static readonly Name D1 = Name.Device(1);
    public static readonly Name M1 = Name.DeviceMemory(1);
    public static readonly Name B4 = Name.RawBlock(4);
    public static readonly Name B5 = Name.RawBlock(5);
    public static readonly Name B8 = Name.RawBlock(8);

    public static readonly PageState KernelUse = new(PageFlags.InUse | PageFlags.Kernel, 0, 0, 1);
    public static readonly PageState Used = new(PageFlags.InUse | PageFlags.Movable, 0, 0, 1);
    public static readonly PageState Hosted = new(PageFlags.Vmemmap, 0, 0, 1);
    public static readonly PageState Unplugged = new(PageFlags.Offline | PageFlags.NeverOnlined, 0, 1, 1);
    public static readonly PageState Taken = new(PageFlags.Offline, 0, 1, 1);
    public static readonly PageState Ballooned = new(PageFlags.Offline, 0, PageState.BalloonOwner, 1);
    public static readonly PageState Poisoned = new(PageFlags.HwPoison, 0, 0, 1);

    private readonly List<Action<Sketch>> _setup = [];
    private readonly List<Action<Sketch>> _change = [];
    private readonly List<Witness> _witness = [];
    private readonly List<Effect> _effects = [];
    private readonly List<Deviation> _deviations = [];
    private readonly Operation _operation;
    private readonly Answer _answer;
    private MachineSpec _spec;
    private Levels _levels = (Levels)int.MaxValue;
    private Visibility _visible = Visibility.All;
    private string _log = "";
    private bool _isStart;

    private Scene(Operation operation, Answer answer)
    {
        _operation = operation;
        _answer = answer;
        _spec = Toy;
    }

    public static MachineSpec Toy { get; } = new()
    {
        PageBytes = 64,
        PagesPerPageblock = 8,
        PagesPerSection = 32,
        MaxOrder = 3,
        DescriptorBytes = 16,
        BootBlocks = 1,
        DimmFirstBlock = 2,
        DimmBlocks = 6,
        DeviceMemories = [new DeviceMemorySpec(8, 2, 8, 0)],
        Balloons = [new BalloonSpec(BalloonDriver.Virtio, false)],
        Notifiers = [new("slub", 1), new("page-ext", 0), new("virtio-mem", 0), new("injector", 0)],
    };

    /// <summary>The operation, and that it succeeded.</summary>
    public static Scene Of(Operation operation) => new(operation, Answer.Ok);

    /// <summary>The operation, and how it failed.</summary>
    public static Scene Failing(Operation operation, Errno errno) => new(operation, Answer.Of(errno));

    /// <summary>The operation, and how it ended.</summary>
    public static Scene Ending(Operation operation, Answer answer) => new(operation, answer);

    /// <summary>The machine is another one.</summary>
    public Scene On(Func<MachineSpec, MachineSpec> spec)
    {
        _spec = spec(_spec);
        return this;
    }

    /// <summary>The state before is another one (and so the state after).</summary>
    public Scene From(Action<Sketch> setup)
    {
        _setup.Add(setup);
        return this;
    }

    /// <summary>What the operation changed.</summary>
    public Scene Then(Action<Sketch> change)
    {
        _change.Add(change);
        return this;
    }

    public Scene With(WitnessRole role, long start, long count, long from = -1)
    {
        _witness.Add(new Witness(role, new PageRange(start, count), from));
        return this;
    }

    public Scene Doing(params ReadOnlySpan<Effect> effects)
    {
        _effects.AddRange(effects);
        return this;
    }

    public Scene Showing(Visibility visible)
    {
        _visible = visible;
        return this;
    }

    public Scene Without(Levels levels)
    {
        _levels &= ~levels;
        return this;
    }

    public Scene Printing(string log)
    {
        _log = log;
        return this;
    }

    public Scene Deviating(Deviation deviation)
    {
        _deviations.Add(deviation);
        return this;
    }

    /// <summary>The machine starts with what the operation left: nothing was before, and nothing was done.</summary>
    public Scene AtStart()
    {
        _isStart = true;
        return this;
    }

    /// <summary>The same once more, to be changed by itself.</summary>
    public Scene Again()
    {
        var copy = new Scene(_operation, _answer)
        {
            _spec = _spec,
            _levels = _levels,
            _visible = _visible,
            _log = _log,
            _isStart = _isStart,
        };
        copy._setup.AddRange(_setup);
        copy._change.AddRange(_change);
        copy._witness.AddRange(_witness);
        copy._effects.AddRange(_effects);
        copy._deviations.AddRange(_deviations);
        return copy;
    }

    /// <summary>The machine that shows it.</summary>
    public MachineIdentity Machine => new("scene", "1", _levels, _visible);

    /// <summary>What the judges see.</summary>
    public Transition Seen()
    {
        var before = Standard(_spec);
        _setup.ForEach(change => change(before));
        var after = before.Copy();
        _change.ForEach(change => change(after));
        var (was, now) = (new Observation(), new Observation { Version = 1000 });
        before.WriteTo(was, _visible);
        after.WriteTo(now, _visible);
        var outcome = new Outcome { Answer = _answer, Log = _log };
        _witness.ForEach(w => outcome.Add(w));
        _effects.ForEach(e => outcome.Add(e));
        var seen = new Transition();
        seen.Start(_spec, _levels, _isStart ? now : was);
        if (!_isStart)
            seen.Next(0, was, _operation, TargetOf(_operation.Subject, before), outcome, now);
        _deviations.ForEach(d => seen.Deviations.Predict(d));
        return seen;
    }

    private static Sketch Standard(MachineSpec spec)
    {
        var sketch = new Sketch(spec)
        {
            MemmapPages = spec.VmemmapPagesPerBlock,
            Callbacks = CallbackOwners.VirtioMem,
        };
        sketch.Add(0, ZoneKind.Normal).Fill(0, 8, KernelUse).Fill(8, 4, Ballooned).Fill(12, 4, PageState.Free(2));
        sketch.Add(4, ZoneKind.Movable).Fill(0, 8, Hosted);
        sketch.Add(5).Fill(0, spec.PagesPerBlock, PageState.None).Zone = ZoneKind.Normal;
        sketch.Add(8, ZoneKind.Movable).Fill(8, 24, Unplugged);
        sketch.Devices.Add(new DeviceObservation(D1, new PageRange(128, 64), 64, 64, false));
        sketch.Devices.Add(new DeviceObservation(M1, spec.RegionOf(1), 8, 8, false));
        sketch.Balloons.Add(new BalloonObservation(BalloonDriver.Virtio, 4, 4, false));
        return sketch;
    }

    private Target TargetOf(Name name, Sketch before) => SubjectOf(name, before) with
    {
        At = _operation.At.Kind == NameKind.RawPage ? _operation.At.Page : -1,
    };

    private Target SubjectOf(Name name, Sketch before) => name.Kind switch
    {
        NameKind.RawBlock => new Target(_spec.PagesOf(name.Id), -1),
        NameKind.RawPage => new Target(new PageRange(name.Page, 1), -1),
        NameKind.DeviceMemory => new Target(_spec.RegionOf(name.Id), -1),
        NameKind.Device when before.Devices.Find(d => d.Name == name) is { Range.Count: > 0 } device =>
            new Target(device.Range, -1),
        _ => new Target(default, -1),
    };
}
