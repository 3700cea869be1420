using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Hotplug.Agent;

/// <summary>
/// Pages of a memory block as the kernel shows them inside: flags and map counts, run-length encoded.
/// </summary>
internal static class PageReader
{
    private const int PagesPerBlock = 32768, Entry = sizeof(ulong);
    private const ulong NoPage = 1UL << 20;

    /// <summary>
    /// Writes <c>"block":"offset+length:flags:refcount:mapcount …"</c>; −99: a reference count is not shown here.
    /// </summary>
    internal static void Write(Utf8JsonWriter answer, int block)
    {
        const int NotShown = -99;
        var flags = Entries("/proc/kpageflags", block);
        var counts = Entries("/proc/kpagecount", block);
        var text = new StringBuilder();
        for (var start = 0; start < PagesPerBlock;)
        {
            var (flag, count) = (At(flags, start, NoPage), At(counts, start, 0));
            var end = start + 1;
            while (end < PagesPerBlock && At(flags, end, NoPage) == flag && At(counts, end, 0) == count)
                end++;
            text.Append(text.Length == 0 ? "" : " ").Append(start).Append('+').Append(end - start).Append(':')
                .Append(flag.ToString("x")).Append(':').Append(NotShown).Append(':').Append(count);
            start = end;
        }

        answer.WriteString(block.ToString(), text.ToString());
    }

    private static byte[] Entries(string path, int block) =>
        Files.ReadBytes(path, (long)block * PagesPerBlock * Entry, PagesPerBlock * Entry).Bytes;

    // The files end at the last page frame; what lies behind has no page.
    private static ulong At(byte[] entries, int index, ulong otherwise) =>
        (index + 1) * Entry <= entries.Length
            ? BinaryPrimitives.ReadUInt64LittleEndian(entries.AsSpan(index * Entry))
            : otherwise;
}
