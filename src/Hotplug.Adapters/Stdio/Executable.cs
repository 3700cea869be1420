namespace Hotplug.Adapters.Stdio;

/// <summary>Finds programs as a shell does.</summary>
public static class Executable
{
    /// <summary>
    /// The file of this program: a path is taken from <paramref name="folder"/>, a bare name looked up; null: none.
    /// </summary>
    public static string? Find(string program, string? folder)
    {
        if (program.Contains('/') || (OperatingSystem.IsWindows() && program.Contains('\\')))
            return IsExecutable(Path.GetFullPath(program, Path.GetFullPath(folder ?? "."))) is { } named ? named : null;
        foreach (var place in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            if (place.Length > 0 && IsExecutable(Path.Combine(place, program)) is { } found)
                return found;
        return null;
    }

    private static string? IsExecutable(string path)
    {
        if (OperatingSystem.IsWindows())
            return File.Exists(path) ? path : File.Exists(path + ".exe") ? path + ".exe" : null;
        const UnixFileMode anybody = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (File.GetUnixFileMode(path) & anybody) != UnixFileMode.None ? path : null;
    }
}
