using System.Collections.Immutable;
using System.Text.Json;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// Reads the lines of one recording in order; a live kernel is read through it as well, line by line.
/// </summary>
internal sealed class RecordingReader(string name)
{
    private readonly List<RecordedStep> _steps = [];
    private readonly List<string> _notes = [];
    private readonly FlightWatch _flight = new();
    private readonly HashSet<int> _bound = [];
    private Fields? _header;
    private MachineSpec _spec = new();
    private StateReader? _states;
    private RecordedState? _start;
    private RecordedCrash? _crash;
    private EffectKinds _shown;
    private bool _ended;
    private bool _stopped;

    private string JudgedUpTo => $"judged up to operation {_steps.Count}";

    /// <summary>What was seen before the first operation; null until its line was taken.</summary>
    public RecordedState? Start => _start;

    /// <summary>The operations taken so far.</summary>
    public IReadOnlyList<RecordedStep> Steps => _steps;

    /// <summary>RAM that QEMU counts for the balloon.</summary>
    public long RamBytes => _states!.RamBytes;

    /// <summary>Reads a whole recording.</summary>
    public RecordedRun Read(ReadOnlyMemory<byte> text)
    {
        for (var line = 1; !text.IsEmpty; line++)
        {
            var end = text.Span.IndexOf((byte)'\n');
            var part = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (!part.Span.Trim(" \r\t"u8).IsEmpty)
                TakeOrFail(new Place(name, line, part));
        }

        if (_header is not { } header || _start is null)
            throw new RecordingFormatException(name, 1, 1,
                "not a recording: expected a header line and the state before the first operation");
        if (!_ended)
            _notes.Add($"cut when the recorder stopped: {JudgedUpTo}");
        return new RecordedRun(name, header.Text("kernel"), _spec, _start, [.. _steps], [.. _notes])
        {
            Crash = _crash,
            Effects = _shown,
        };
    }

    // Values that no recorder writes – numbers beyond their range, text that is no text – are bad input like any
    // other.
    private void TakeOrFail(Place place)
    {
        try
        {
            Take(place);
        }
        catch (Exception cause) when (cause is InvalidOperationException or OverflowException or ArgumentException
            or FormatException)
        {
            throw new RecordingFormatException(
                place.File, place.Line, 1, $"a value that no recording holds: {cause.Message}", cause);
        }
    }

    /// <summary>Takes in the next line.</summary>
    public void Take(Place place)
    {
        var line = new Fields(Parse(place), place);
        if (_header is null)
            TakeHeader(line);
        else if (line.Has("end"))
            _ended = true;
        else if (line.Has("dead"))
            TakeDeath(line);
        else if (line.Number("i") < 0)
            TakeStart(line);
        else if (!_stopped)
            TakeStep(line);
    }

    // {"dead":…, "at":the operation, "serial_tail":[…] or "…"}: an exhausted memory ends a run, anything else is
    // a crash.
    private void TakeDeath(Fields line)
    {
        var tail = !line.Has("serial_tail") ? []
            : line.Raw("serial_tail").ValueKind == JsonValueKind.Array
                ? line.Items("serial_tail").Select(l => Fields.ToText(l, "serial_tail", line.Place)).ToArray()
                : line.Text("serial_tail").Split('\n');
        if (KernelLog.Crash(tail) is { } evidence && _states is not null && line.Has("at"))
            _crash = new RecordedCrash(line.Place.Line,
                RecordingTable.Operation(line.Inner("at"), _spec, _states.RamBytes, _bound), evidence);
        else
            _notes.Add($"the guest ran out of memory or fell silent ({line.Raw("dead")}): {JudgedUpTo}");
    }

    private static JsonElement Parse(Place place)
    {
        try
        {
            var root = JsonDocument.Parse(place.Text).RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? root
                : throw new RecordingFormatException(
                    place.File, place.Line, 1, "a line of a recording is a JSON object");
        }
        catch (JsonException cause)
        {
            throw new RecordingFormatException(place.File, place.Line, (int)(cause.BytePositionInLine ?? 0) + 1,
                "not a whole JSON object: the line is cut or damaged; record it again, "
                + "or delete this line and all after it", cause);
        }
    }

    private void TakeHeader(Fields line)
    {
        var version = line.Has("v") ? line.Number("v") : 0;
        if (version != 1)
            throw line.Place.Fail("v", "not a recording of version 1: the first line is its header, with \"v\":1");
        _header = line;
        _shown = RecordedEffects.ReadShown(line);
    }

    private void TakeStart(Fields line)
    {
        var header = _header!.Value;
        var blocks = 0;
        foreach (var item in line.Inner("obs").Items("blocks"))
        {
            var block = Fields.Row(item, 1, "blocks", line.Place)[0];
            if (Fields.ToNumber(block, "blocks", line.Place) < RecordingTable.FirstHotBlock)
                blocks++;
        }

        _spec = RecordingTable.Spec(header, blocks);
        var fromHost = header.Has("pages_from")
            && header.Text("pages_from").StartsWith("memsave", StringComparison.Ordinal);
        _states = new StateReader(_spec.Dialect, fromHost, _spec);
        _start = _states.Read(line.Inner("obs"), _flight);
    }

    private void TakeStep(Fields line)
    {
        if (_states is null)
            throw line.Place.Fail("i", "an operation before the line with the first observation (\"i\":-1)");
        var op = line.Inner("op");
        var res = line.Inner("res");
        var word = op.Text("op");
        var operation = RecordingTable.Operation(op, _spec, _states.RamBytes, _bound);
        if (res.Has("exc"))
        {
            _stopped = true;
            _notes.Add($"line {line.Place.Line}: the recorder's agent failed ({res.Raw("exc")}): {JudgedUpTo}");
            return;
        }

        Announce(word, op, res, operation, line);
        var log = line.Has("dmesg")
            ? [.. line.Items("dmesg").Select(l => Fields.ToText(l, "dmesg", line.Place))]
            : ImmutableArray<string>.Empty;
        var state = _states.Read(line.Inner("obs"), _flight);
        var outcome = OutcomeOf(word, op, res, operation, log, state);
        if (outcome.Witness.Any(static w => w.Role == WitnessRole.Placed))
            _bound.Add(operation.Subject.Id);
        outcome = outcome with { Effects = RecordedEffects.Read(line) };
        _steps.Add(new RecordedStep(line.Place.Line, operation, outcome, state));
    }

    // A request is in flight from here on; an event may end an ejection that nothing else shows.
    private void Announce(string word, Fields op, Fields res, Operation operation, Fields line)
    {
        if (line.Has("ev"))
            foreach (var item in line.Items("ev"))
                if (RecordingTable.RefusedEjection(item) is { } device)
                    _flight.EjectRefused(device);
        if (res.Has("qmp"))
            return;
        if (word == "vmem")
            _flight.Resize(op.Number("size") / RecordingTable.PageBytes, res.Flag("reached"));
        else if (word == "balloon" && op.Number("target") > 0)
            _flight.Balloon(operation.Amount, res.Flag("reached"));
        else if (word == "del" && res.Text("out") == "timeout")
            _flight.EjectTimedOut(operation.Subject.Id);
    }

    private OutcomeRecord OutcomeOf(string word, Fields op, Fields res, Operation operation,
        ImmutableArray<string> log, RecordedState state)
    {
        var witness = ImmutableArray.CreateBuilder<Witness>();
        var arrived = false;
        if (word == "add" && res.Has("addr"))
        {
            var start = res.Number("addr", RecordingTable.MostBytes) / RecordingTable.PageBytes;
            var placed = new PageRange(start, operation.Amount);
            arrived = state.Blocks.Any(b => placed.Contains(_spec.PagesOf(b.Block)));
            witness.Add(new Witness(WitnessRole.Placed, placed));
        }

        if (word == "alloc" && res.Has("pfns") && !res.Has("pfns_n"))
            AddPairs(res, witness);
        if (res.Has("moved"))
            AddMoves(res, witness);
        foreach (var pfn in KernelLog.Culprits(log))
            witness.Add(new Witness(WitnessRole.Culprit, new PageRange(pfn, 1)));
        var answer = RecordingTable.Answer(word, res, log, arrived);
        return new OutcomeRecord(answer, witness.ToImmutable(), [], string.Join('\n', log.AddRange(Why(res))));
    }

    // What the recorder saw of work that did not end.
    private static IEnumerable<string> Why(Fields res) => !res.Has("why") ? []
        : res.Items("why").Select(line => Fields.ToText(line, "why", res.Place));

    // Where pages of allocations were found after an operation that may migrate: from, to, count.
    private static void AddMoves(Fields res, ImmutableArray<Witness>.Builder witness)
    {
        foreach (var item in res.Items("moved"))
        {
            var row = Fields.Row(item, 3, "moved", res.Place);
            long At(int index) => Fields.ToNumber(row[index], "moved", res.Place);
            witness.Add(new Witness(WitnessRole.Migrated, new PageRange(At(1), At(2)), At(0)));
        }
    }

    private static void AddPairs(Fields res, ImmutableArray<Witness>.Builder witness)
    {
        var numbers = res.Items("pfns").Select(n => Fields.ToNumber(n, "pfns", res.Place)).ToArray();
        if (numbers.Length % 2 != 0)
            throw res.Place.Fail("pfns", "'pfns' is not pairs of start and count");
        for (var i = 0; i < numbers.Length; i += 2)
            witness.Add(new Witness(WitnessRole.Taken, new PageRange(numbers[i], numbers[i + 1])));
    }
}
