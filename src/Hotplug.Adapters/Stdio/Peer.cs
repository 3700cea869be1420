using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Wire;

namespace Hotplug.Adapters.Stdio;

/// <summary>
/// A running peer: lines go in, lines come out, each before its deadline. A peer that is late is killed, which ends the
/// wait; whoever breaks the protocol is told so in a <see cref="MachineViolationException"/>.
/// </summary>
internal sealed class Peer : IDisposable
{
    private const int MostShownBytes = 240;

    private static readonly Citation s_protocol = new("protocol 1", "PROTOCOL.md", "section 5");

    private readonly StdioOptions _options;
    private readonly PeerProcess _process;
    private readonly LineReader _lines;
    private readonly ITimer _deadline;
    private ReadOnlyMemory<byte> _lastLine;
    private volatile bool _late;

    internal Peer(PeerCommand command, StdioOptions options)
    {
        _options = options;
        _process = PeerProcess.Start(command, options.Folder);
        _lines = new LineReader(_process.Output, WireProtocol.MostReplyBytes);
        _deadline = options.Clock.CreateTimer(static me => ((Peer)me!).KillLate(), this,
            Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What was received last.</summary>
    internal ReadOnlySpan<byte> LastLine => _lastLine.Span;

    /// <summary>Writes request lines.</summary>
    internal void Send(ReadOnlyMemory<byte> lines)
    {
        Arm(_options.Limit);
        try
        {
            _process.Input.Write(lines.Span);
        }
        catch (IOException)
        {
            // Nobody reads any more: the reply that does not come tells why.
        }

        Disarm();
    }

    /// <summary>The next reply line, valid until the next call.</summary>
    /// <param name="doing">What was asked for, for people.</param>
    internal ReadOnlySpan<byte> Receive(string doing) => Receive(doing, _options.Limit);

    /// <summary>The next reply line, within a limit of its own.</summary>
    internal ReadOnlySpan<byte> Receive(string doing, TimeSpan limit)
    {
        Arm(limit);
        var end = Read(out _lastLine);
        Disarm();
        var line = _lastLine;
        return end switch
        {
            LineEnd.Whole => line.Span,
            LineEnd.TooLong => throw Malformed(doing, line.Span, $"longer than {WireProtocol.MostReplyBytes} bytes"),
            _ when _late => throw Hang(doing, limit),
            _ => throw Ended(doing, line.Span),
        };
    }

    /// <summary>The violation of a reply that is not of the protocol.</summary>
    internal static MachineViolationException Malformed(string doing, ReadOnlySpan<byte> line, string why) =>
        new(new Violation(MachineRules.Malformed, doing, "a reply line of the protocol",
            $"{why}, in the line {Show(line)}", s_protocol));

    /// <summary>Nothing more is asked: standard input ends.</summary>
    internal void CloseInput() => _process.Input.Dispose();

    /// <summary>Waits for the process to end by itself; null: it does not.</summary>
    internal int? WaitForExit() => _process.WaitForExit();

    /// <summary>Kills the process and all that it started.</summary>
    public void Dispose()
    {
        _deadline.Dispose();
        _process.Dispose();
    }

    private LineEnd Read(out ReadOnlyMemory<byte> line)
    {
        try
        {
            return _lines.Read(out line);
        }
        catch (IOException)
        {
            line = default;
            return LineEnd.EndOfStream;
        }
    }

    private static MachineViolationException Hang(string doing, TimeSpan limit) =>
        new(new Violation(
            MachineRules.Hang, doing, $"a reply within {limit.TotalSeconds:0.###} s", "none", s_protocol));

    // Half a line and an orderly end is a line that was cut; half a line and a crash is a crash.
    private MachineViolationException Ended(string doing, ReadOnlySpan<byte> half)
    {
        var exit = _process.WaitForExit();
        if (exit == 0 && !half.IsEmpty)
            return Malformed(doing, half, "the output ends in the middle");
        var how = exit is { } code ? $"its process ended with exit code {code}" : "it closed its standard output";
        var tail = ErrorTailOf(exit);
        return new MachineViolationException(new Violation(MachineRules.Crash, doing, "a reply",
            how + (half.IsEmpty ? "" : $" after half a line {Show(half)}")
            + (tail.Length == 0 ? "" : "; its standard error ends with: " + tail), s_protocol));
    }

    // Of a process that goes on nothing more is waited for.
    private string ErrorTailOf(int? exit)
    {
        if (exit is null)
            _process.Kill();
        return _process.ErrorTail();
    }

    private static string Show(ReadOnlySpan<byte> line) => line.Length <= MostShownBytes
        ? Encoding.UTF8.GetString(line)
        : Encoding.UTF8.GetString(line[..MostShownBytes]) + $"… ({line.Length} bytes)";

    private void Arm(TimeSpan limit) => _deadline.Change(limit, Timeout.InfiniteTimeSpan);

    private void Disarm() => _deadline.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void KillLate()
    {
        _late = true;
        _process.Kill();
    }
}
