using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Wire;

namespace Hotplug.Adapters.Stdio;

/// <summary>
/// Any program that speaks the protocol (PROTOCOL.md) as a machine. The operation and the look at what it did travel
/// together, so that a step costs one wait. A peer that fails is killed; the next <see cref="Reset"/> starts another.
/// </summary>
public sealed class StdioMachine : IMachine
{
    private const int HelloPatience = 2;
    private const string ResetWord = "reset";

    private readonly PeerCommand _command;
    private readonly StdioOptions _options;
    private readonly RequestWriter _requests = new();
    private readonly ReplyReader _replies = new();
    private readonly Mirror _mirror = new();
    private readonly WireHello _hello;
    private Peer? _peer;
    private MachineSpec _spec = new();
    private string _doing = "";
    private bool _wasReset;
    private bool _owesObservation;

    private StdioMachine(PeerCommand command, StdioOptions options)
    {
        _command = command;
        _options = options;
        _hello = StartPeer();
    }

    /// <inheritdoc/>
    public MachineIdentity Identity => _hello.Machine;

    /// <summary>
    /// Starts the program and asks who it is. Throws <see cref="HarnessException"/> if it cannot be started or does not
    /// say.
    /// </summary>
    public static StdioMachine Open(PeerCommand command, StdioOptions options)
    {
        if (options.Limit <= TimeSpan.Zero)
            throw new ArgumentException($"limit {options.Limit}: allowed is more than nothing", nameof(options));
        return new StdioMachine(command, options);
    }

    /// <inheritdoc/>
    public void Reset(MachineSpec spec)
    {
        if (_peer is null || (_wasReset && !_hello.Can(WireProtocol.ResetCapability)))
            Restart();
        Settle();
        _spec = spec;
        _mirror.Clear();
        _doing = ResetWord;
        _requests.Clear();
        _requests.Reset(spec);
        _requests.Observe(whole: true);
        _owesObservation = true;
        _wasReset = true;
        try
        {
            Send();
            _replies.ReadReset(Receive());
        }
        catch (Exception failed) when (IsPeers(failed))
        {
            throw Judged(failed);
        }
    }

    /// <inheritdoc/>
    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        Settle();
        _doing = operation.ToString();
        _requests.Clear();
        _requests.Execute(operation, target);
        AskForObservation();
        try
        {
            Send();
            _replies.ReadOutcome(Receive(), outcome);
        }
        catch (Exception failed) when (IsPeers(failed))
        {
            throw Judged(failed);
        }
    }

    /// <inheritdoc/>
    public void Observe(Observation observation)
    {
        var ofOperation = _owesObservation;
        if (!_owesObservation)
        {
            _requests.Clear();
            AskForObservation();
            Send();
        }

        Settle();
        _mirror.CopyTo(observation, Identity.Visible, ofOperation);
    }

    /// <summary>Ends the program, and kills what is left of it and of everything that it started.</summary>
    public void Dispose()
    {
        if (_peer is not null)
            SayBye(_peer);
        Drop();
    }

    private Peer Connected =>
        _peer ?? throw new HarnessException(
            $"stdio: '{_command}' is not running since it failed; reset the machine first");

    private void SayBye(Peer peer)
    {
        _requests.Clear();
        _requests.Bye();
        peer.Send(_requests.Lines);
        peer.CloseInput();
        peer.WaitForExit();
    }

    private void Restart()
    {
        Dispose();
        var hello = StartPeer();
        if (hello.Machine != _hello.Machine)
            throw new HarnessException($"stdio: '{_command}' said '{hello.Machine}' when it was started again, "
                + $"and '{_hello.Machine}' before; it must be the same machine every time");
    }

    private WireHello StartPeer()
    {
        _peer = new Peer(_command, _options);
        _wasReset = _owesObservation = false;
        _requests.Clear();
        _requests.Hello();
        try
        {
            _peer.Send(_requests.Lines);
            var hello = _replies.ReadHello(_peer.Receive("hello", _options.Limit * HelloPatience));
            return hello.Protocol == WireProtocol.Version
                ? hello
                : throw new WireException($"hello.protocol: {hello.Protocol}: allowed is {WireProtocol.Version}");
        }
        catch (Exception failed) when (failed is MachineViolationException or WireException or PeerErrorException)
        {
            Drop();
            throw new HarnessException(
                $"stdio: '{_command}' did not say hello as the protocol wants it: {failed.Message}", failed);
        }
    }

    private void AskForObservation()
    {
        _requests.Observe(whole: !_hello.Can(WireProtocol.ChangesCapability));
        _owesObservation = true;
    }

    // Takes in an observation that was asked for and not read yet.
    private void Settle()
    {
        if (!_owesObservation)
            return;
        _owesObservation = false;
        try
        {
            _mirror.Take(_replies, Receive(), _spec);
        }
        catch (Exception failed) when (IsPeers(failed))
        {
            throw Judged(failed);
        }
    }

    private static bool IsPeers(Exception failed) =>
        failed is MachineViolationException or WireException or PeerErrorException;

    // A peer that failed is out of step, if it is there at all: it is killed, and what it did becomes a violation.
    private Exception Judged(Exception failed)
    {
        var judged = failed switch
        {
            PeerErrorException { Code: WireProtocol.RefusedError } when _doing == ResetWord =>
                new HarnessException($"stdio: '{_command}' cannot be this machine: {failed.Message}", failed),
            PeerErrorException => Peer.Malformed(_doing, Connected.LastLine, "an error in place of the reply"),
            WireException => Peer.Malformed(_doing, Connected.LastLine, failed.Message),
            _ => failed,
        };
        Drop();
        return judged;
    }

    private void Send() => Connected.Send(_requests.Lines);

    private ReadOnlySpan<byte> Receive() => Connected.Receive(_doing);

    private void Drop()
    {
        _peer?.Dispose();
        _peer = null;
        _owesObservation = false;
    }
}
