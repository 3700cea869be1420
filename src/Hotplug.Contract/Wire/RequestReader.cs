using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;

namespace Hotplug.Contract.Wire;

/// <summary>Reads requests. Throws <see cref="WireException"/> for a line that is none of the protocol's.</summary>
public sealed class RequestReader
{
    private const int LongestText = WireProtocol.MostRequestBytes;

    private static readonly WireFields s_requests = new(0, "hello", "reset", "execute", "observe", "bye");
    private static readonly WireFields s_hello = new(1, "protocol");
    private static readonly WireFields s_reset = new(1, "spec");
    private static readonly WireFields s_execute = new(1, "operation", "range", "at");
    private static readonly WireFields s_observe = new(1, "whole");
    private static readonly WireFields s_bye = new(0);

    private readonly WirePath _path = new();

    /// <summary>The request on this line. Its one field names it; a name that is none is null.</summary>
    public WireRequest? Read(ReadOnlySpan<byte> line)
    {
        var json = new WireReader(line, _path);
        json.BeginObject();
        uint seen = 0;
        if (!json.TryName(s_requests, ref seen, out var kind))
            return null;
        if (kind < 0)
            throw json.Wrong($"names no request; known: {s_requests.Known}");
        json.BeginObject();
        var request = (WireRequestKind)kind switch
        {
            WireRequestKind.Hello => ReadHello(ref json),
            WireRequestKind.Reset => ReadReset(ref json),
            WireRequestKind.Execute => ReadExecute(ref json),
            WireRequestKind.Observe => ReadObserve(ref json),
            _ => ReadBye(ref json),
        };
        if (json.NextField(s_requests, ref seen, out _))
            throw json.Wrong("a second request on one line");
        json.EndLine();
        return request;
    }

    private static WireRequest ReadHello(ref WireReader json)
    {
        var request = new WireRequest(WireRequestKind.Hello);
        uint seen = 0;
        while (json.NextField(s_hello, ref seen, out _))
            request = request with { Protocol = (int)json.Number(0, int.MaxValue) };
        return request;
    }

    private static WireRequest ReadReset(ref WireReader json)
    {
        var request = new WireRequest(WireRequestKind.Reset);
        uint seen = 0;
        while (json.NextField(s_reset, ref seen, out _))
            request = SpecText.TryParse(json.Text(LongestText), out var spec, out var error)
                ? request with { Spec = spec }
                : throw json.Wrong(error);
        return request;
    }

    private static WireRequest ReadExecute(ref WireReader json)
    {
        var request = new WireRequest(WireRequestKind.Execute);
        PageRange range = default;
        long at = -1;
        uint seen = 0;
        while (json.NextField(s_execute, ref seen, out var field))
            switch (field)
            {
                case 0:
                    request = OperationText.TryParse(json.Text(LongestText), out var operation) is { } error
                        ? throw json.Wrong($"column {error.Column}: {error.Message}")
                        : request with { Operation = operation };
                    break;
                case 1:
                    range = json.Range();
                    break;
                default:
                    at = json.Number(0, WireProtocol.LargestNumber);
                    break;
            }

        return request with { Target = new Target(range, at) };
    }

    private static WireRequest ReadObserve(ref WireReader json)
    {
        var request = new WireRequest(WireRequestKind.Observe);
        uint seen = 0;
        while (json.NextField(s_observe, ref seen, out _))
            request = request with { Whole = json.Boolean() };
        return request;
    }

    private static WireRequest ReadBye(ref WireReader json)
    {
        uint seen = 0;
        while (json.NextField(s_bye, ref seen, out _))
        {
            // It has no fields: any is refused there.
        }

        return new WireRequest(WireRequestKind.Bye);
    }
}
