namespace Hotplug.Cli.Input;

/// <summary>Turns what the file system refuses into one line for the caller.</summary>
internal static class Readable
{
    /// <summary>Reads; <paramref name="path"/> is named as the caller wrote it.</summary>
    internal static T Open<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception refused) when (refused is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: no such file; name a file that exists", refused);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"{path}: cannot be read ({refused.Message}); check that it is a file and that it may be read",
                refused);
        }
    }
}
