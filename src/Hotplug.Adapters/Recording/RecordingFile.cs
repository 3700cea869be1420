using System.IO.Compression;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// Reads recordings of real kernels: JSON lines, plain (<c>.jsonl</c>) or compressed (<c>.jsonl.gz</c>).
/// </summary>
public static class RecordingFile
{
    /// <summary>True for a file name that is a recording's.</summary>
    public static bool IsRecording(string path) =>
        path.EndsWith(".jsonl", StringComparison.Ordinal) || path.EndsWith(".jsonl.gz", StringComparison.Ordinal);

    /// <summary>
    /// Reads a file. Throws <see cref="RecordingFormatException"/>, or <see cref="IOException"/> if it cannot be
    /// read.
    /// </summary>
    public static RecordedRun Read(string path)
    {
        using var file = File.OpenRead(path);
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
            return Read(path, file);
        using var plain = new GZipStream(file, CompressionMode.Decompress);
        try
        {
            return Read(path, plain);
        }
        catch (InvalidDataException cause)
        {
            throw new RecordingFormatException(path, 1, 1, "not a gzip file, or it is cut short", cause);
        }
    }

    /// <summary>Reads from a stream; <paramref name="name"/> is used in messages.</summary>
    public static RecordedRun Read(string name, Stream stream)
    {
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        return new RecordingReader(name).Read(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
    }
}
