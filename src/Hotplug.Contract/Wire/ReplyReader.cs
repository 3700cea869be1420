using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Contract.Wire;

/// <summary>
/// Reads replies. Throws <see cref="WireException"/> for a line that is not what was asked for, and
/// <see cref="PeerErrorException"/> for an error in its place.
/// </summary>
public sealed class ReplyReader
{
    private const int LongestName = 200;
    private const int LongestLog = 1 << 20;

    private static readonly WireFields s_replies = new(0, "hello", "reset", "outcome", "observation", "bye", "error");
    private static readonly WireFields s_hello =
        new(5, "protocol", "name", "version", "levels", "visible", "capabilities");
    private static readonly WireFields s_outcome = new(1, "answer", "witness", "effects", "log");
    private static readonly WireFields s_error = new(2, "code", "message");
    private static readonly WireFields s_nothing = new(0);

    private readonly WirePath _path = new();
    private readonly ObservationDecoder _observation = new();

    private enum Reply
    {
        Hello,
        Reset,
        Outcome,
        Observation,
        Bye,
        Error,
    }

    /// <summary>The reply to hello.</summary>
    public WireHello ReadHello(ReadOnlySpan<byte> line)
    {
        var json = Open(line, Reply.Hello);
        var identity = new MachineIdentity("", "", Levels.None, Visibility.None);
        var hello = new WireHello(0, identity, []);
        uint seen = 0;
        while (json.NextField(s_hello, ref seen, out var field))
            switch (field)
            {
                case 0:
                    hello = hello with { Protocol = (int)json.Number(1, int.MaxValue) };
                    break;
                case 1:
                    identity = identity with { Name = json.Text(LongestName) };
                    break;
                case 2:
                    identity = identity with { Version = json.Text(LongestName) };
                    break;
                case 3:
                    identity = identity with { Levels = ReadLevels(ref json) };
                    break;
                case 4:
                    identity = identity with { Visible = ReadVisible(ref json) };
                    break;
                default:
                    hello = hello with { Capabilities = ReadCapabilities(ref json) };
                    break;
            }

        Close(ref json);
        return hello with { Machine = identity };
    }

    /// <summary>The reply to reset.</summary>
    public void ReadReset(ReadOnlySpan<byte> line) => ReadNothing(line, Reply.Reset);

    /// <summary>The reply to bye.</summary>
    public void ReadBye(ReadOnlySpan<byte> line) => ReadNothing(line, Reply.Bye);

    /// <summary>The reply to execute, put into a cleared outcome.</summary>
    public void ReadOutcome(ReadOnlySpan<byte> line, Outcome outcome)
    {
        var json = Open(line, Reply.Outcome);
        uint seen = 0;
        while (json.NextField(s_outcome, ref seen, out var field))
            switch (field)
            {
                case 0:
                    outcome.Answer = ReadAnswer(ref json);
                    break;
                case 1:
                    json.BeginArray();
                    while (json.NextItem())
                        outcome.Add(ReadWitness(ref json));
                    break;
                case 2:
                    json.BeginArray();
                    while (json.NextItem())
                        outcome.Add(EffectForm.Read(ref json));
                    break;
                default:
                    outcome.Log = json.Text(LongestLog);
                    break;
            }

        Close(ref json);
    }

    /// <summary>
    /// The reply to observe, put into the observation that the replies before it were put into. Blocks that really
    /// changed get a new <see cref="BlockObservation.Stamp"/> and are <see cref="Observation.Touched"/>. After an
    /// exception the observation means nothing.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="spec">The machine that it is about.</param>
    /// <param name="into">What was seen before; becomes what is seen now.</param>
    /// <param name="stamp">The last stamp given; raised for every new one.</param>
    public void ReadObservation(ReadOnlySpan<byte> line, MachineSpec spec, Observation into, ref long stamp)
    {
        var json = Open(line, Reply.Observation);
        _observation.Read(ref json, spec, into, ref stamp);
        Close(ref json);
    }

    private WireReader Open(ReadOnlySpan<byte> line, Reply expected)
    {
        var json = new WireReader(line, _path);
        json.BeginObject();
        uint seen = 0;
        if (!json.TryName(s_replies, ref seen, out var reply) || reply < 0)
            throw json.Wrong($"names no reply; known: {s_replies.Known}");
        if (reply == (int)Reply.Error)
            throw ReadError(ref json);
        if (reply != (int)expected)
            throw json.Wrong($"expected '{s_replies.NameOf((int)expected)}'");
        json.BeginObject();
        return json;
    }

    private static void Close(ref WireReader json)
    {
        uint seen = 0;
        if (json.NextField(s_nothing, ref seen, out _))
            throw json.Wrong("a second reply on one line");
        json.EndLine();
    }

    private void ReadNothing(ReadOnlySpan<byte> line, Reply expected)
    {
        var json = Open(line, expected);
        uint seen = 0;
        while (json.NextField(s_nothing, ref seen, out _))
        {
            // It has no fields: any is refused there.
        }

        Close(ref json);
    }

    private static PeerErrorException ReadError(ref WireReader json)
    {
        string code = "", message = "";
        json.BeginObject();
        uint seen = 0;
        while (json.NextField(s_error, ref seen, out var field))
            if (field == 0)
                code = json.Text(LongestName);
            else
                message = json.Text(LongestLog);
        Close(ref json);
        return new PeerErrorException(code, message);
    }

    private static Answer ReadAnswer(ref WireReader json)
    {
        var text = json.Text(LongestName);
        if (ErrnoText.TryParse(text, out var errno))
            return Answer.Of(errno);
        return text switch
        {
            "unfinished" => Answer.Unfinished,
            "pending" => Answer.Pending,
            "rejected" => Answer.Rejected,
            _ => throw json.Wrong($"{json.Shown()}: allowed is ok, an errno such as EBUSY or errno-77, "
                + "unfinished, pending or rejected"),
        };
    }

    private static Witness ReadWitness(ref WireReader json)
    {
        json.BeginTuple();
        if (!json.TryItem())
            throw json.Wrong("has too few items");
        var role = json.Word<WitnessRole>();
        var range = json.ItemRange();
        var from = role == WitnessRole.Migrated ? json.ItemNumber(0, WireProtocol.LargestNumber) : -1;
        json.EndTuple();
        return new Witness(role, range, from);
    }

    private static Levels ReadLevels(ref WireReader json)
    {
        var levels = Levels.None;
        json.BeginArray();
        while (json.NextItem())
            levels |= LevelsText.TryParse(json.Text(LongestName), out var level)
                ? level
                : throw Unknown(ref json, LevelsText.All.Select(static l => l.Word));
        return levels;
    }

    private static Visibility ReadVisible(ref WireReader json)
    {
        var visible = Visibility.None;
        json.BeginArray();
        while (json.NextItem())
            visible |= VisibilityText.TryParse(json.Text(LongestName), out var one)
                ? one
                : throw Unknown(ref json, VisibilityText.All.Select(static v => v.Word));
        return visible;
    }

    private static WireException Unknown(ref WireReader json, IEnumerable<string> known) =>
        json.Wrong($"{json.Shown()}: allowed is {string.Join(", ", known)}");

    private static ImmutableArray<string> ReadCapabilities(ref WireReader json)
    {
        var capabilities = ImmutableArray.CreateBuilder<string>();
        json.BeginArray();
        while (json.NextItem())
            capabilities.Add(json.Text(LongestName));
        return capabilities.ToImmutable();
    }
}
