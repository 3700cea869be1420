using System.Text.Json;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Wire;

/// <summary>Writes requests, one line each, into a reused buffer.</summary>
public sealed class RequestWriter
{
    private static readonly JsonEncodedText s_hello = JsonEncodedText.Encode("hello");
    private static readonly JsonEncodedText s_reset = JsonEncodedText.Encode("reset");
    private static readonly JsonEncodedText s_execute = JsonEncodedText.Encode("execute");
    private static readonly JsonEncodedText s_observe = JsonEncodedText.Encode("observe");
    private static readonly JsonEncodedText s_bye = JsonEncodedText.Encode("bye");
    private static readonly JsonEncodedText s_protocol = JsonEncodedText.Encode("protocol");
    private static readonly JsonEncodedText s_spec = JsonEncodedText.Encode("spec");
    private static readonly JsonEncodedText s_operation = JsonEncodedText.Encode("operation");
    private static readonly JsonEncodedText s_range = JsonEncodedText.Encode("range");
    private static readonly JsonEncodedText s_at = JsonEncodedText.Encode("at");
    private static readonly JsonEncodedText s_whole = JsonEncodedText.Encode("whole");

    private readonly WireWriter _writer = new();

    /// <summary>The lines written since <see cref="Clear"/>, ends included; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Lines => _writer.Lines;

    /// <summary>Forgets the lines.</summary>
    public void Clear() => _writer.Clear();

    /// <summary>Who are you?</summary>
    public void Hello(int protocol = WireProtocol.Version)
    {
        _writer.Begin(s_hello);
        _writer.Json.WriteNumber(s_protocol, protocol);
        _writer.End();
    }

    /// <summary>Start afresh.</summary>
    public void Reset(MachineSpec spec)
    {
        _writer.Begin(s_reset);
        _writer.Json.WriteString(s_spec, SpecText.PrintWhole(spec));
        _writer.End();
    }

    /// <summary>Carry out one operation.</summary>
    public void Execute(in Operation operation, in Target target)
    {
        _writer.Begin(s_execute);
        _writer.Json.WriteString(s_operation, OperationTable.Print(operation));
        if (target.Range.Count > 0)
        {
            _writer.Json.WriteStartArray(s_range);
            _writer.Json.WriteNumberValue(target.Range.Start);
            _writer.Json.WriteNumberValue(target.Range.Count);
            _writer.Json.WriteEndArray();
        }

        if (target.At >= 0)
            _writer.Json.WriteNumber(s_at, target.At);
        _writer.End();
    }

    /// <summary>Show what can be seen: everything, or what changed since the observation before.</summary>
    public void Observe(bool whole)
    {
        _writer.Begin(s_observe);
        _writer.Json.WriteBoolean(s_whole, whole);
        _writer.End();
    }

    /// <summary>End.</summary>
    public void Bye()
    {
        _writer.Begin(s_bye);
        _writer.End();
    }
}
