namespace Hotplug.Cli.Reports;

/// <summary>Folders that will be written to later: what is refused is told before the work, not after it.</summary>
internal static class Writable
{
    /// <summary>Makes sure that the folder exists and takes files; its absolute path.</summary>
    internal static string Folder(Surroundings surroundings, string path)
    {
        var folder = surroundings.Resolve(path);
        var probe = Path.Combine(folder, ".probe");
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return folder;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"{path}: cannot be written to ({refused.Message}); name a folder that may be written to", refused);
        }
    }
}
