using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Hotplug.Adapters.Kernel;
using Hotplug.Adapters.Recording;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// An unmodified Linux kernel in QEMU as a machine: every reset is a fresh guest, restored from one that was booted
/// once. What is done and seen is written as the lines of a recording and read by what reads recordings: live and
/// recorded kernels are judged in the same way.
/// </summary>
public sealed class LinuxMachine : IMachine, IKeepsRecord
{
    private readonly GuestPool _pool;
    private readonly Dialect _dialect;
    private readonly string _release;
    private readonly EffectKinds _steps;
    private readonly bool _comparesChannels;
    private readonly AllocationPlaces _places = new();
    private readonly List<string> _lines = [];
    private MachineSpec _spec;
    private Guest? _guest;
    private GuestObserver? _observer;
    private GuestDriver? _driver;
    private GuestOperations? _operations;
    private StepTrace? _trace;
    private RecordingReader _reader = new("linux");
    private RecordedState? _state;
    private int _index;
    private JsonObject _doing = [];
    private string? _spoiled;

    /// <summary>
    /// A machine of this kernel. Boots it once to learn its version. Throws <see cref="HarnessException"/> if it
    /// cannot.
    /// </summary>
    public LinuxMachine(LinuxOptions options)
    {
        _pool = new GuestPool(options);
        _comparesChannels = options.ComparesChannels;
        var first = new GuestShape(Numa: true, MemmapOnMemory.Off, DeflateOnOom: false);
        (_release, _steps) = _pool.Ask(first);
        _dialect = RecordingTable.DialectOf(_release)
            ?? throw new HarnessException(
                $"kernel {_release}: known are {string.Join(", ", Dialect.Kernels.Select(static d => d.Name))}");
        _spec = first.Spec(_dialect);
        Identity = new MachineIdentity("linux", _release,
            KernelObservation.LevelsOf(_spec) | Levels.Numa | Levels.MemmapOnMemory | KernelObservation.LevelsOf(_steps),
            KernelObservation.Shown)
        {
            Effects = _steps,
        };
    }

    /// <inheritdoc/>
    public MachineIdentity Identity { get; }

    /// <summary>How long operations took, and why those that failed did: of all runs so far.</summary>
    public LiveFigures Figures { get; } = new();

    /// <summary>Which kernel the rules follow.</summary>
    public Dialect Dialect => _dialect;

    /// <summary>
    /// The machines that QEMU offers with a kernel of this release, those more often that show more; empty for a kernel
    /// that is not known.
    /// </summary>
    public static ImmutableArray<MachineSpec> SpecsOf(string release) =>
        RecordingTable.DialectOf(release) is { } dialect
        ? [.. ShapesOf(dialect).Select(s => s.Spec(dialect))]
        : [];

    /// <summary>The recording of the run at hand, line by line, every line whole.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <inheritdoc/>
    public string Record
    {
        get
        {
            using var text = new StringWriter();
            var writer = new RecordingWriter(text);
            foreach (var line in _lines)
                writer.Write(line);
            writer.End();
            return text.ToString();
        }
    }

    /// <inheritdoc/>
    public void Reset(MachineSpec spec)
    {
        var shape = GuestShape.Of(spec, _dialect);
        Drop();
        _spec = spec;
        _guest = _pool.Take(shape);
        _observer = new GuestObserver(
            _guest, new HostView(_pool.StructPages), _comparesChannels ? new ChannelComparison(_dialect) : null);
        _driver = new GuestDriver(_guest, _observer);
        _operations = new GuestOperations(_driver, spec);
        _trace = new StepTrace(spec);
        _reader = new RecordingReader("linux");
        _places.Clear();
        _spoiled = null;
        _index = -1;
        _lines.Clear();
        Figures.BeginRun();
        Guarded(() =>
        {
            _guest.Run();
            SetPolicies(spec);
            _observer.TakeMessages();
            _observer.TakeSteps();
            Take(Header(shape, spec));
            Take(new JsonObject { ["i"] = _index, ["obs"] = _observer.Observe() });
        });
        _state = _reader.Start;
    }

    /// <inheritdoc/>
    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        if (_spoiled is not null)
            throw new RunEndedException(_spoiled);
        var (asked, where) = (operation, target);
        var wasOwned = PageAt(target.Range.Start).HasAny(PageFlags.Offline | PageFlags.Vmemmap);
        outcome.Answer = Answer.Rejected;
        Guarded(() =>
        {
            if (Step(asked, where) is not { } line)
                return;
            Take(line);
            var step = _reader.Steps[^1];
            _state = step.State;
            Figures.Add(line, step);
            KernelObservation.Write(step.Outcome, outcome);

            // Where unpoisoning does not refuse a PageOffline page or one of a vmemmap, it drops its owner's reference,
            // and the next to look at it finds it gone.
            if (asked.Kind == OperationKind.Unpoison && wasOwned && step.Outcome.Answer.IsOk)
                _spoiled = "the kernel gave away a page that its owner still has: what follows is undefined";
            else if (_driver!.IsLooping)
                _spoiled = "a worker of the kernel runs on and on: what waits for it does not end";
        });
    }

    /// <inheritdoc/>
    public void Observe(Observation observation)
    {
        // Stamps are the reader's: another run has other ones.
        KernelObservation.Write(_state!, _reader, observation);
    }

    /// <summary>Kills QEMU from outside, as an impatient user would: for tests of what happens then.</summary>
    public void KillEmulator() => _guest?.Kill();

    /// <summary>Has the guest stand still: for tests of what happens then.</summary>
    internal void Freeze() => _guest?.Monitor.Execute("stop");

    /// <inheritdoc/>
    public void Dispose()
    {
        Drop();
        _pool.Dispose();
    }

    // On a node of its own hot memory holds what was put there and nothing else: most is seen there.
    private static IEnumerable<GuestShape> ShapesOf(Dialect dialect)
    {
        yield return new GuestShape(Numa: true, MemmapOnMemory.Off, DeflateOnOom: false);
        yield return new GuestShape(Numa: true, MemmapOnMemory.On, DeflateOnOom: false);
        yield return new GuestShape(Numa: true, MemmapOnMemory.Off, DeflateOnOom: false);
        yield return new GuestShape(Numa: true, MemmapOnMemory.On, DeflateOnOom: false);
        yield return new GuestShape(Numa: false, MemmapOnMemory.Off, DeflateOnOom: false);
        yield return new GuestShape(Numa: false, MemmapOnMemory.On, DeflateOnOom: true);
        if (dialect.Has(DialectItem.AltmapMultiBlock))
            yield return new GuestShape(Numa: true, MemmapOnMemory.Force, DeflateOnOom: false);
    }

    private JsonObject? Step(in Operation operation, in Target target)
    {
        var op = _doing = [];
        var began = Stopwatch.GetTimestamp();
        var result = _operations!.Do(operation, target, Now(), op);
        if (result is null)
            return null;
        result["ms"] = Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 1);
        _driver!.LookAtEjection();
        if (result["rc"]?.GetValue<int>() == 0)
            _places.Follow(operation, result);
        // The page table of a poisoned page's owner keeps an entry for it; when the page's memory is gone its memmap is
        // too, and pagemap_pmd_range(), fs/proc/task_mmu.c, oopses when it is asked for the place.
        if (op["op"]?.GetValue<string>() == "del" && result["out"]?.GetValue<string>() is "deleted" or "timeout"
            && _places.Leave(PoisonedIn(target.Range)))
            _spoiled = "a process has an entry for a poisoned page whose memory is gone: looking at it ends in an oops";
        if (_places.Any && MayMigrate(operation.Kind) && _places.Moves(_guest!.Agent) is { Count: > 0 } moves)
            result["moved"] = moves;
        var steps = _trace!.Take(_observer!.TakeSteps());
        var messages = _observer.TakeMessages();
        var line = new JsonObject
        {
            ["i"] = ++_index,
            ["op"] = op,
            ["res"] = result,
            ["ev"] = _driver.TakeEvents(),
            ["dmesg"] = messages,
            ["obs"] = Observe(steps),
        };
        if (_steps != default)
            line["fx"] = RecordedEffects.Write(steps);
        return line;
    }

    // What is in flight may go on while it is looked at: steps and observation belong together.
    private JsonObject Observe(List<Effect> steps)
    {
        const int MostLooks = 5;
        for (var look = 1; ; look++)
        {
            var seen = _observer!.Observe();
            var later = _trace!.Take(_observer.TakeSteps());
            steps.AddRange(later);
            if (later.Count == 0 || look == MostLooks)
                return seen;
        }
    }

    private static bool MayMigrate(OperationKind kind) => kind is not (OperationKind.Alloc or OperationKind.Free
        or OperationKind.Get or OperationKind.Put or OperationKind.Policy or OperationKind.NotifierError
        or OperationKind.Tick);

    private GuestNow Now()
    {
        var state = _state!;
        long free = 0;
        foreach (ref readonly var zone in state.Zones.AsSpan())
            free += zone.Id.Node == 0 ? zone.Free : 0;
        var region = state.Devices.FirstOrDefault(static d => d.Name.Kind == NameKind.DeviceMemory).PluggedPages;
        return new GuestNow(
            _reader.RamBytes / _spec.PageBytes, state.Balloons[0].Pages, region, free, IsSomebodyElses);
    }

    private bool IsSomebodyElses(long pfn) => PageAt(pfn).Has(PageFlags.InUse) && !_places.Holds(pfn);

    // Before the operation.
    private List<long> PoisonedIn(PageRange range)
    {
        var poisoned = new List<long>();
        foreach (var block in _state!.Blocks)
            if (range.Contains(_spec.PagesOf(block.Block)))
                foreach (ref readonly var run in block.Pages.Runs)
                    if (run.State.Has(PageFlags.HwPoison))
                        for (var offset = run.Start; offset < run.End; offset++)
                            poisoned.Add(_spec.PagesOf(block.Block).Start + offset);
        return poisoned;
    }

    private PageState PageAt(long pfn)
    {
        foreach (var block in _state!.Blocks)
            if (block.Block == _spec.BlockOf(pfn))
                return block.Pages.At((int)(pfn % _spec.PagesPerBlock));
        return PageState.NotSeen;
    }

    private void SetPolicies(MachineSpec spec)
    {
        var word = spec.AutoOnline switch
        {
            AutoOnline.Offline => "offline",
            AutoOnline.Online => "online",
            AutoOnline.OnlineKernel => "online_kernel",
            _ => "online_movable",
        };
        var errno = _guest!.Agent.Write("/sys/devices/system/memory/auto_online_blocks", word);
        if (errno == 0 && spec.AutoMovable)
            errno = _guest.Agent.Write("/sys/module/memory_hotplug/parameters/online_policy", "auto-movable");
        if (errno != 0)
            throw new HarnessException($"the guest refuses a policy: {ErrnoText.Print((Errno)errno)}");
    }

    private JsonObject Header(GuestShape shape, MachineSpec spec)
    {
        var vm = new JsonObject
        {
            ["mom"] = shape.Memmap == MemmapOnMemory.Force
                ? "force" : JsonValue.Create(shape.Memmap == MemmapOnMemory.On),
            ["numa"] = shape.Numa,
        };
        if (shape.DeflateOnOom)
            vm["balloon"] = "doom";
        if (spec.AutoMovable)
            vm["policy"] = "auto-movable";
        var header = new JsonObject
        {
            ["v"] = 1,
            ["vm"] = vm,
            ["kernel"] = _release,
            ["pages_from"] = "memsave",
            ["auto"] = spec.AutoOnline switch
            {
                AutoOnline.Offline => "offline",
                AutoOnline.Online => "online",
                AutoOnline.OnlineKernel => "online_kernel",
                _ => "online_movable",
            },
        };
        if (_steps != default)
            header["effects"] = RecordedEffects.Write(_steps);
        return header;
    }

    private void Take(JsonObject line)
    {
        var text = line.ToJsonString();
        _lines.Add(text);
        _reader.Take(new Place("the guest", _index + 3, Encoding.UTF8.GetBytes(text)));
    }

    // Whoever hears that a connection broke does not know why: the guest's console does.
    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (DisconnectedException broken)
        {
            var console = _guest!.ConsoleTail;
            var restarted = _guest.Agent.Restarted;
            RecordEnd(broken.Message, console);
            Drop();
            if (KernelLog.Crash(console.Split('\n')) is { } crash)
                throw new KernelCrashException($"{crash} | {Guest.LastLines(console, 12)}");
            if (restarted || KernelLog.SaysOutOfMemory(console))
                throw new RunEndedException($"the guest ran out of memory: {Guest.LastLines(console, 3)}");
            throw new HarnessException(
                $"{broken.Message}; the guest's console ends: {Guest.LastLines(console, 3)}", broken);
        }
        catch (SilentAgentException silent)
        {
            // An oops ends the agent's thread, and leaves the guest running. The panic that follows here is ours.
            var console = _guest!.ConsoleTail;
            if (KernelLog.Crash(console.Split('\n')) is { } crash)
            {
                RecordEnd(silent.Message, console);
                Drop();
                throw new KernelCrashException($"{crash} | {Guest.LastLines(console, 12)}");
            }

            var stands = _guest.WhereItStands();
            Drop();
            throw new HarnessException(
                $"{silent.Message}; made to panic, the guest tells: {Guest.LastLines(stands, 40)}", silent);
        }
        catch (RecordingFormatException wrong)
        {
            throw new HarnessException($"what the guest shows cannot be read: {wrong.Message}", wrong);
        }
    }

    private void RecordEnd(string reason, string console)
    {
        const int MostLines = 60;
        var tail = console.Split('\n').TakeLast(MostLines).Select(static l => JsonValue.Create(l.TrimEnd()));
        _lines.Add(new JsonObject
        {
            ["dead"] = reason, ["at"] = _doing.DeepClone(), ["serial_tail"] = new JsonArray([.. tail]),
        }.ToJsonString());
    }

    private void Drop()
    {
        _guest?.Dispose();
        _guest = null;
    }
}
