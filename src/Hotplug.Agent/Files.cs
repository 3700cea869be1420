using System.Text;

namespace Hotplug.Agent;

/// <summary>Small files of sysfs, procfs and debugfs, with the errno that the kernel answered.</summary>
internal static unsafe class Files
{
    private const int Chunk = 64 << 10;

    /// <summary>All of a text file.</summary>
    internal static (int Errno, string Text) Read(string path)
    {
        var (errno, bytes) = ReadBytes(path, 0, int.MaxValue);
        return (errno, Encoding.UTF8.GetString(bytes));
    }

    /// <summary>Bytes of a file from an offset on, at most so many.</summary>
    internal static (int Errno, byte[] Bytes) ReadBytes(string path, long offset, int most)
    {
        var file = Libc.Open(path, Libc.OpenRead);
        if (file < 0)
            return (Libc.ErrnoOf(file), []);
        var bytes = new byte[Math.Min(most, Chunk)];
        var length = 0;
        long got;
        do
        {
            if (length == bytes.Length)
                Array.Resize(ref bytes, Math.Min(most, bytes.Length * 2));
            fixed (byte* to = bytes)
                got = Libc.pread(file, to + length, bytes.Length - length, offset + length);
            length += (int)Math.Max(got, 0);
        }
        while (got > 0 && length < most);
        var errno = Libc.ErrnoOf(got);
        Libc.Close(file);
        return (errno, bytes[..length]);
    }

    /// <summary>One write of the whole text. An empty text is an empty write.</summary>
    internal static int Write(string path, string text)
    {
        var file = Libc.Open(path, Libc.OpenWrite);
        if (file < 0)
            return Libc.ErrnoOf(file);
        var bytes = Encoding.UTF8.GetBytes(text + '\0');
        int errno;
        fixed (byte* first = bytes)
            errno = Libc.ErrnoOf(Libc.write(file, first, bytes.Length - 1));
        Libc.Close(file);
        return errno;
    }

    /// <summary>Deletes a file; whoever has it open keeps it.</summary>
    internal static void Delete(string path) => File.Delete(path);

    /// <summary>Names in a directory; entries of sysfs come and go while it is read.</summary>
    internal static (int Errno, List<string> Names) List(string path)
    {
        const int NoEntry = 2, MostTries = 8;
        for (var i = 0; i < MostTries; i++)
        {
            try
            {
                var names = new List<string>();
                foreach (var entry in Directory.EnumerateFileSystemEntries(path))
                    names.Add(Path.GetFileName(entry));
                return (0, names);
            }
            catch (DirectoryNotFoundException)
            {
                if (!Directory.Exists(path))
                    break;
            }
        }

        return (NoEntry, []);
    }
}
