namespace Hotplug.Cli.Reports;

/// <summary>Writes files that a reader finds whole or not at all: beside, then renamed.</summary>
internal static class WholeFile
{
    /// <summary>Writes it, creating its folder. Throws <see cref="UsageException"/> where that is refused.</summary>
    internal static void Write(Surroundings surroundings, string path, Action<Stream> write)
    {
        var file = surroundings.Resolve(path);
        var beside = file + ".new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using (var stream = File.Create(beside))
                write(stream);
            File.Move(beside, file, overwrite: true);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"{path}: cannot be written ({refused.Message}); name a file in a folder that may be written to",
                refused);
        }
    }

    /// <summary>The same for a text.</summary>
    internal static void Write(Surroundings surroundings, string path, string text) =>
        Write(surroundings, path, stream =>
        {
            using var writer = new StreamWriter(stream);
            writer.Write(text);
        });
}
