using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Wire;

namespace Hotplug.Adapters.Stdio;

/// <summary>Puts any machine of this process behind the protocol: what <c>hotplug serve</c> does with ours.</summary>
public sealed class MachineServer(IMachine machine)
{
    private static readonly ImmutableArray<string> s_capabilities =
        [WireProtocol.ResetCapability, WireProtocol.ChangesCapability];

    private readonly RequestReader _requests = new();
    private readonly ReplyWriter _replies = new();
    private readonly Outcome _outcome = new();
    private readonly Observation _observation = new();
    private readonly SortedDictionary<int, long> _sent = [];
    private readonly List<int> _changed = [];
    private bool _stands;
    private bool _sentAny;

    /// <summary>Answers requests until <c>bye</c> or the end of the input.</summary>
    public void Serve(Stream input, Stream output)
    {
        var lines = new LineReader(input, WireProtocol.MostRequestBytes);
        var going = true;
        while (going)
        {
            _replies.Clear();
            switch (lines.Read(out var line))
            {
                case LineEnd.Whole:
                    going = Answer(line.Span);
                    break;
                case LineEnd.TooLong:
                    _replies.Error(WireProtocol.TooLongError, $"allowed are {WireProtocol.MostRequestBytes} bytes");
                    break;
                default:
                    return;
            }

            output.Write(_replies.Lines.Span);
            output.Flush();
        }
    }

    // False after the last request.
    private bool Answer(ReadOnlySpan<byte> line)
    {
        try
        {
            if (_requests.Read(line) is { } request)
                return Answer(request);
            _replies.Error(WireProtocol.UnknownRequestError, "known are hello, reset, execute, observe, bye");
        }
        catch (WireException malformed)
        {
            _replies.Error(WireProtocol.MalformedError, malformed.Message);
        }

        return true;
    }

    private bool Answer(in WireRequest request)
    {
        switch (request.Kind)
        {
            case WireRequestKind.Hello when request.Protocol != WireProtocol.Version:
                _replies.Error(WireProtocol.VersionError, $"{request.Protocol}: spoken is {WireProtocol.Version}");
                break;
            case WireRequestKind.Hello:
                _replies.Hello(new WireHello(WireProtocol.Version, machine.Identity, s_capabilities));
                break;
            case WireRequestKind.Reset:
                Reset(request.Spec!);
                break;
            case WireRequestKind.Bye:
                _replies.Bye();
                return false;
            case var _ when !_stands:
                _replies.Error(WireProtocol.NotResetError, "there is no machine before the first reset");
                break;
            case WireRequestKind.Execute:
                _outcome.Clear();
                machine.Execute(request.Operation, request.Target, _outcome);
                _replies.Outcome(_outcome);
                break;
            default:
                Observe(request.Whole);
                break;
        }

        return true;
    }

    private void Reset(MachineSpec spec)
    {
        try
        {
            machine.Reset(spec);
            _stands = true;
            _sentAny = false;
            _replies.Reset();
        }
        catch (HarnessException refused)
        {
            _replies.Error(WireProtocol.RefusedError, refused.Message);
        }
    }

    private void Observe(bool whole)
    {
        machine.Observe(_observation);
        if (whole || !_sentAny)
            _sent.Clear();
        FindChanges();
        _replies.Observation(_observation, whole || !_sentAny ? null : _changed);
        _sentAny = true;
    }

    // Equal stamps mean equal contents: what was sent with another one, or is there no more, changed.
    private void FindChanges()
    {
        _changed.Clear();
        var blocks = _observation.Blocks;
        foreach (var block in blocks)
            if (!_sent.TryGetValue(block.Block, out var stamp) || stamp != block.Stamp)
                _changed.Add(block.Block);
        if (_sent.Count + _changed.Count != blocks.Length)
            foreach (var number in _sent.Keys)
                if (_observation.Find(number) is null)
                    _changed.Add(number);
        _changed.Sort();
        foreach (var number in _changed)
            if (_observation.Find(number) is { } block)
                _sent[number] = block.Stamp;
            else
                _sent.Remove(number);
    }
}
