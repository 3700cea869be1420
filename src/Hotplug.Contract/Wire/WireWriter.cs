using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hotplug.Contract.Wire;

/// <summary>Lines in the making, in one reused buffer.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    internal WireWriter() => Json = new Utf8JsonWriter(_buffer, new JsonWriterOptions
    {
        // A line is no web page: quotes in it stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    });

    internal Utf8JsonWriter Json { get; }

    internal ReadOnlyMemory<byte> Lines => _buffer.WrittenMemory;

    internal void Clear() => _buffer.ResetWrittenCount();

    /// <summary>Begins <c>{"name":{</c>.</summary>
    internal void Begin(JsonEncodedText name)
    {
        Json.Reset();
        Json.WriteStartObject();
        Json.WriteStartObject(name);
    }

    /// <summary>Ends the two objects and the line.</summary>
    internal void End()
    {
        Json.WriteEndObject();
        Json.WriteEndObject();
        Json.Flush();
        _buffer.GetSpan(1)[0] = (byte)'\n';
        _buffer.Advance(1);
    }
}
