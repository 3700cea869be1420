using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// The optimised machine on the bench: operations as text, names resolved as the engine does, what is seen after each.
/// </summary>
internal sealed class Bench
{
    private readonly Bindings _bindings = new();
    private readonly Transition _transition = new();
    private Observation _before = new();

    public Bench(MachineSpec spec, IMachine? machine = null)
    {
        Spec = spec;
        Machine = machine ?? BitmapMachine.Create();
        Machine.Reset(spec);
        Machine.Observe(After);
        _bindings.Reset(spec);
        _transition.Start(spec, Machine.Identity.Levels, After);
    }

    public MachineSpec Spec { get; }

    public IMachine Machine { get; }

    public Outcome Outcome { get; } = new();

    public Observation After { get; private set; } = new();

    /// <summary>
    /// A machine small enough to read: pageblocks of 4 pages, blocks of 16, vmemmap of 4 pages per block.
    /// </summary>
    public static MachineSpec Small { get; } = new()
    {
        PagesPerPageblock = 4,
        PagesPerSection = 16,
        MaxOrder = 3,
        DescriptorBytes = 1024,
        BootBlocks = 4,
        DimmFirstBlock = 8,
        DimmBlocks = 8,
    };

    /// <summary>The small machine with device memory of 4 blocks of 4 sub-blocks.</summary>
    public static MachineSpec WithDeviceMemory { get; } = Small with { DeviceMemories = [new(20, 4, 4, 0)] };

    /// <summary>Carries out operations, one per line; the answer of the last.</summary>
    public Answer Do(string operations)
    {
        var answer = Answer.Ok;
        foreach (var operation in Parse(operations))
            answer = Do(operation);
        return answer;
    }

    /// <summary>As <see cref="Do(string)"/>; each must succeed.</summary>
    public Bench Done(string operations)
    {
        foreach (var operation in Parse(operations))
            Xunit.Assert.Equal((operation, Answer.Ok), (operation, Do(operation)));
        return this;
    }

    public Answer Do(in Operation operation)
    {
        if (!_bindings.TryResolve(operation, out var target))
            return Answer.Unbound;
        (_before, After) = (After, _before);
        Outcome.Clear();
        Machine.Execute(operation, target, Outcome);
        Machine.Observe(After);
        _transition.Next(0, _before, operation, target, Outcome, After);
        _bindings.Follow(_transition);
        return Outcome.Answer;
    }

    public ZoneObservation Zone(ZoneKind kind, short node = 0) => After.Zone(new ZoneId(node, kind));

    /// <summary>What happened, as words: each kind of effect and each event of the chain where it came first.</summary>
    public string Steps() => string.Join(' ', Outcome.ToRecord().Effects.Select(static e => e.Kind == EffectKind.Notified
        ? Words.Of(e.Notification) : Words.Of(e.Kind)).Distinct());

    /// <summary>Everything visible, as text.</summary>
    public string Picture() => PictureOf(After);

    public static string PictureOf(Observation seen)
    {
        var text = new System.Text.StringBuilder();
        foreach (var block in seen.Blocks)
        {
            text.Append(block.Block).Append(' ').Append(block.State).Append(' ').Append(block.Node).Append(' ')
                .Append(block.Zone).Append(' ').Append(block.OtherZone);
            foreach (var run in block.Pages.Runs)
                text.Append(' ').Append(run.Start).Append('+').Append(run.Count).Append(':').Append(run.State)
                    .Append('/').Append(run.State.Order);
            text.AppendLine();
        }

        foreach (var zone in seen.Zones)
            text.AppendLine(zone.ToString());
        foreach (var device in seen.Devices)
            text.AppendLine(device.ToString());
        foreach (var balloon in seen.Balloons)
            text.AppendLine(balloon.ToString());
        foreach (var node in seen.Nodes)
            text.AppendLine(node.ToString());
        foreach (var resource in seen.Resources)
            text.AppendLine(resource.ToString());
        return text.Append(seen.ManagedTotal).Append(' ').Append(seen.PoisonedPages).Append(' ').Append(seen.BootMemmapPages)
            .ToString();
    }

    private static System.Collections.Immutable.ImmutableArray<Operation> Parse(string operations)
    {
        var text = TraceText.Print(new Trace(new MachineSpec(), [])) + "\n"
            + string.Join('\n', operations.Split('\n').Select(static l => l.Trim()));
        return TraceText.TryParse(text, out var trace, out var error)
            ? trace.Operations
            : throw new ArgumentException(error!.ToString(), nameof(operations));
    }
}
