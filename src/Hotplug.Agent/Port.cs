using System.Buffers;
using System.Text.Json;

namespace Hotplug.Agent;

/// <summary>The virtio-serial port named <c>agent</c>: one JSON object a line, both ways.</summary>
internal sealed unsafe class Port(int file)
{
    private const string Ports = "/sys/class/virtio-ports";
    private const int MostTries = 2_000, PauseMs = 5;

    private readonly ArrayBufferWriter<byte> _line = new(64 << 10);
    private readonly Lock _sending = new();
    private byte[] _received = new byte[64 << 10];
    private int _length;

    /// <summary>Waits for the port: its driver makes it in its own time.</summary>
    internal static Port Open()
    {
        for (var i = 0; i < MostTries; i++)
        {
            foreach (var name in Files.List(Ports).Names)
            {
                if (Files.Read($"{Ports}/{name}/name").Text.Trim() != "agent")
                    continue;
                var file = Libc.Open("/dev/" + name, Libc.OpenReadWrite);
                if (file >= 0)
                    return new Port(file);
            }

            Libc.Pause(PauseMs);
        }

        Files.Write("/dev/kmsg", "<1>agent: there is no virtio-serial port named 'agent'");
        throw new InvalidOperationException("no port");
    }

    internal JsonDocument Receive()
    {
        while (true)
        {
            var end = _received.AsSpan(0, _length).IndexOf((byte)'\n');
            if (end < 0)
            {
                Fill();
                continue;
            }

            var line = _received.AsSpan(0, end).ToArray();
            _received.AsSpan(end + 1, _length - end - 1).CopyTo(_received);
            _length -= end + 1;
            if (TryParse(line) is { } request)
                return request;
        }
    }

    internal void Send(Action<Utf8JsonWriter> fill)
    {
        lock (_sending)
        {
            _line.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(_line))
            {
                writer.WriteStartObject();
                fill(writer);
                writer.WriteEndObject();
            }

            _line.Write("\n"u8);
            SendBytes(_line.WrittenSpan);
        }
    }

    private void SendBytes(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            for (long sent = 0; sent < bytes.Length;)
            {
                var count = Libc.write(file, first + sent, bytes.Length - sent);
                if (count > 0)
                    sent += count;
                else
                    Libc.Pause(PauseMs);    // Nobody listens on the other side yet.
            }
        }
    }

    private JsonDocument? TryParse(byte[] line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            Send(static w => w.WriteString("bad", "not a JSON object"));
            return null;
        }
    }

    private void Fill()
    {
        if (_length == _received.Length)
            Array.Resize(ref _received, _length * 2);
        long count;
        fixed (byte* to = _received)
            count = Libc.read(file, to + _length, _received.Length - _length);
        if (count > 0)
            _length += (int)count;
        else
            Libc.Pause(PauseMs);    // The host closed its end; it may come back.
    }
}
