using System.Text;
using System.Text.Json;

namespace Hotplug.Agent;

/// <summary>What the kernel's tracer noted since it was last read: lines, as they are.</summary>
internal sealed unsafe class StepLog
{
    private const int Chunk = 16 << 10, MostBytes = 4 << 20;

    private readonly int _file = Libc.Open("/sys/kernel/tracing/trace_pipe", Libc.OpenRead | Libc.OpenNonBlocking);
    private byte[] _text = new byte[Chunk];

    internal void Write(Utf8JsonWriter answer)
    {
        var length = 0;
        while (length < MostBytes)
        {
            if (_text.Length - length < Chunk)
                Array.Resize(ref _text, _text.Length * 2);
            long got;
            fixed (byte* to = _text)
                got = Libc.read(_file, to + length, _text.Length - length);
            if (got <= 0)
                break;
            length += (int)got;
        }

        answer.WriteStartArray("steps");
        foreach (var line in Encoding.UTF8.GetString(_text, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            answer.WriteStringValue(line);
        answer.WriteEndArray();
    }
}
