using System.Text;
using System.Text.Json;

namespace Hotplug.Agent;

/// <summary>The kernel's log, from where it was last read.</summary>
internal sealed unsafe class MessageLog
{
    private const int LargestRecord = 8 << 10, MostRecords = 400, BrokenPipe = 32;

    private readonly int _file = Libc.Open("/dev/kmsg", Libc.OpenRead | Libc.OpenNonBlocking);
    private readonly byte[] _record = new byte[LargestRecord];

    internal void Write(Utf8JsonWriter answer)
    {
        var lost = false;
        answer.WriteStartArray("dmesg");
        for (var i = 0; i < MostRecords; i++)
        {
            long length;
            fixed (byte* to = _record)
                length = Libc.read(_file, to, _record.Length);
            if (length < 0 && Libc.ErrnoOf(length) == BrokenPipe)
                lost = true;        // Overwritten before it was read; the next read goes on behind the gap.
            else if (length <= 0)
                break;
            else
                WriteRecord(answer, Encoding.UTF8.GetString(_record, 0, (int)length));
        }

        answer.WriteEndArray();
        answer.WriteBoolean("lost", lost);
    }

    // "6,339,5140900,-;text" and lines of key=value that begin with a blank.
    private static void WriteRecord(Utf8JsonWriter answer, string record)
    {
        var text = record.IndexOf(';');
        var end = record.IndexOf('\n', Math.Max(text, 0));
        if (text >= 0)
            answer.WriteStringValue(record[(text + 1)..(end < 0 ? record.Length : end)]);
    }
}
