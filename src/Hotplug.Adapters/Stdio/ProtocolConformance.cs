using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Wire;

namespace Hotplug.Adapters.Stdio;

/// <summary>What came of one check of a peer.</summary>
/// <param name="Claim">What PROTOCOL.md demands.</param>
/// <param name="Fault">What the peer did instead; null: it keeps it.</param>
public sealed record ProtocolFinding(string Claim, string? Fault);

/// <summary>
/// Checks any peer against PROTOCOL.md alone: that it speaks, not that its memory is right. Every check is a process of
/// its own.
/// </summary>
public sealed class ProtocolConformance(PeerCommand command, StdioOptions options)
{
    private static readonly MachineSpec s_spec = new()
    {
        PagesPerPageblock = 4,
        PagesPerSection = 16,
        MaxOrder = 3,
        DescriptorBytes = 1024,
        BootBlocks = 3,
        DimmFirstBlock = 5,
        DimmBlocks = 4,
    };

    private static readonly Operation[] s_life =
    [
        Operation.Add(Name.Device(1), 2L * s_spec.PagesPerBlock, at: Name.RawBlock(5)),
        Operation.Online(Name.RawBlock(5)),
        Operation.Online(Name.RawBlock(6), OperationKind.OnlineMovable), Operation.Alloc(Name.Allocation(1), 3),
        Operation.Offline(Name.RawBlock(5)), Operation.Free(Name.Allocation(1)), Operation.Offline(Name.RawBlock(6)),
        Operation.Remove(Name.RawBlock(6)),
    ];

    private readonly ReplyReader _replies = new();

    /// <summary>Runs every check.</summary>
    public ImmutableArray<ProtocolFinding> Run() =>
    [
        Check("hello tells the version, the name, the levels and what is visible", CheckHello),
        Check("a version that is not spoken is refused with 'version'",
            peer => ExpectError(peer, "{\"hello\":{\"protocol\":999}}", WireProtocol.VersionError)),
        Check("an unknown request is refused with 'unknown-request'",
            peer => ExpectError(peer, "{\"sing\":{}}", WireProtocol.UnknownRequestError)),
        Check("a line that is not JSON is refused with 'malformed'",
            peer => ExpectError(peer, "{\"observe\":{\"whole\":", WireProtocol.MalformedError)),
        Check("a field that does not exist is refused with 'malformed'",
            peer => ExpectError(peer, "{\"observe\":{\"whole\":true,\"loud\":1}}", WireProtocol.MalformedError)),
        Check("an operation that does not exist is refused with 'malformed'",
            peer =>
            {
                Reset(peer);
                return ExpectError(peer, "{\"execute\":{\"operation\":\"dance d1\"}}", WireProtocol.MalformedError);
            }),
        Check("a line that is too long is refused with 'too-long', its rest skipped",
            peer => ExpectError(peer, "{\"sing\":\"" + new string('a', 3 * WireProtocol.MostRequestBytes) + "\"}",
                WireProtocol.TooLongError)),
        Check("observing before the first reset is refused with 'not-reset'",
            peer => ExpectError(peer, "{\"observe\":{\"whole\":true}}", WireProtocol.NotResetError)),
        Check("executing before the first reset is refused with 'not-reset'",
            peer => ExpectError(peer, "{\"execute\":{\"operation\":\"tick seconds=1\"}}", WireProtocol.NotResetError)),
        Check("two requests written at once get two replies in order", CheckOrder),
        Check("a second reset forgets everything, where 'reset' is a capability", CheckResetTwice),
        Check("the same operations after a reset have the same outcomes and show the same", CheckDeterminism),
        Check("leaving out what did not change shows the same as everything, where 'changes' is a capability",
            CheckChanges),
        Check("bye is replied to, and ends the process with exit code 0", CheckBye),
        Check("the end of the input ends the process", CheckEndOfInput),
    ];

    private ProtocolFinding Check(string claim, Func<Peer, string?> check)
    {
        try
        {
            using var peer = new Peer(command, options);
            return new ProtocolFinding(claim, check(peer));
        }
        catch (Exception failed) when (failed is MachineViolationException or WireException or PeerErrorException)
        {
            return new ProtocolFinding(claim, failed.Message);
        }
    }

    private string? CheckHello(Peer peer)
    {
        var hello = Hello(peer);
        return hello.Protocol != WireProtocol.Version ? $"it speaks version {hello.Protocol}"
            : hello.Machine.Name.Length == 0 ? "its name is empty"
            : !hello.Machine.Levels.HasFlag(Levels.Core) ? "level 'core' is missing, which every other needs"
            : null;
    }

    // After a refusal the peer must still be in step: it says hello.
    private string? ExpectError(Peer peer, string line, string code)
    {
        Send(peer, line);
        try
        {
            _replies.ReadReset(Receive(peer));
            return $"no error '{code}'";
        }
        catch (PeerErrorException error)
        {
            if (error.Code != code)
                return $"error '{error.Code}' instead of '{code}'";
        }

        Hello(peer);
        return null;
    }

    private string? CheckOrder(Peer peer)
    {
        Send(peer, "{\"hello\":{\"protocol\":1}}\n{\"sing\":{}}\n{\"hello\":{\"protocol\":1}}");
        _replies.ReadHello(Receive(peer));
        try
        {
            _replies.ReadReset(Receive(peer));
            return "no error in second place";
        }
        catch (PeerErrorException)
        {
            _replies.ReadHello(Receive(peer));
            return null;
        }
    }

    private string? CheckResetTwice(Peer peer)
    {
        if (!Hello(peer).Can(WireProtocol.ResetCapability))
            return null;
        Reset(peer);
        var first = Observe(peer, true, new Observation());
        Execute(peer, s_life[0]);
        Reset(peer);
        return first == Observe(peer, true, new Observation()) ? null : "the observation differs";
    }

    private string? CheckDeterminism(Peer peer)
    {
        var once = Live(peer, whole: true);
        if (Hello(peer).Can(WireProtocol.ResetCapability))
            return Compare(once, Live(peer, whole: true));
        using var other = new Peer(command, options);
        return Compare(once, Live(other, whole: true));
    }

    private string? CheckChanges(Peer peer)
    {
        if (!Hello(peer).Can(WireProtocol.ChangesCapability))
            return null;
        var changes = Live(peer, whole: false);
        using var other = new Peer(command, options);
        return Compare(Live(other, whole: true), changes);
    }

    private string? CheckBye(Peer peer)
    {
        Send(peer, "{\"bye\":{}}");
        _replies.ReadBye(Receive(peer));
        return Exit(peer);
    }

    private string? CheckEndOfInput(Peer peer)
    {
        Hello(peer);
        peer.CloseInput();
        return Exit(peer);
    }

    private static string? Exit(Peer peer) => peer.WaitForExit() switch
    {
        0 => null,
        null => "the process goes on",
        var code => $"exit code {code}",
    };

    private static string? Compare(List<string> expected, List<string> seen)
    {
        for (var i = 0; i < expected.Count; i++)
            if (expected[i] != seen[i])
                return $"after {i} of '{string.Join("; ", s_life)}': "
                    + $"{seen[i].TrimEnd()} instead of {expected[i].TrimEnd()}";
        return null;
    }

    // The start and every step of a small life, each as one text.
    private List<string> Live(Peer peer, bool whole)
    {
        var observation = new Observation();
        Reset(peer);
        List<string> steps = [Observe(peer, whole, observation)];
        foreach (var operation in s_life)
            steps.Add(Execute(peer, operation) + Observe(peer, whole, observation));
        return steps;
    }

    private WireHello Hello(Peer peer)
    {
        Send(peer, "{\"hello\":{\"protocol\":1}}");
        return _replies.ReadHello(Receive(peer));
    }

    private void Reset(Peer peer)
    {
        var requests = new RequestWriter();
        requests.Reset(s_spec);
        peer.Send(requests.Lines);
        _replies.ReadReset(Receive(peer));
    }

    // Only raw names and fixed places: nothing depends on what the peer chose.
    private string Execute(Peer peer, in Operation operation)
    {
        var requests = new RequestWriter();
        var range = operation.Subject.Kind == NameKind.RawBlock ? s_spec.PagesOf(operation.Subject.Id) : default;
        var at = operation.At.Kind == NameKind.RawBlock ? s_spec.PagesOf(operation.At.Id).Start : -1;
        requests.Execute(operation, new Target(range, at));
        peer.Send(requests.Lines);
        var outcome = new Outcome();
        _replies.ReadOutcome(Receive(peer), outcome);
        var text = new ReplyWriter();
        text.Outcome(outcome);
        return Encoding.UTF8.GetString(text.Lines.Span);
    }

    private string Observe(Peer peer, bool whole, Observation into)
    {
        var requests = new RequestWriter();
        requests.Observe(whole);
        peer.Send(requests.Lines);
        long stamp = 0;
        _replies.ReadObservation(Receive(peer), s_spec, into, ref stamp);
        var text = new ReplyWriter();
        text.Observation(into, null);
        return Encoding.UTF8.GetString(text.Lines.Span);
    }

    private static void Send(Peer peer, string lines) => peer.Send(Encoding.UTF8.GetBytes(lines + "\n"));

    private static ReadOnlySpan<byte> Receive(Peer peer) => peer.Receive("a check of the protocol");
}
