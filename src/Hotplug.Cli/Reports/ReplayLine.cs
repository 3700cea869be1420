namespace Hotplug.Cli.Reports;

/// <summary>The command that repeats a failure, as the reader would type it from where they stand.</summary>
internal static class ReplayLine
{
    private const string Solution = "ConformanceSuite.sln";
    private const string Project = "src/Hotplug.Cli";

    /// <summary>In a clone <c>dotnet run --project src/Hotplug.Cli -c Release -- replay FILE</c>, else
    /// <c>hotplug replay FILE</c>.</summary>
    internal static string For(Surroundings surroundings, string file) =>
        $"{Program(surroundings)} replay {Quote(surroundings.Shorten(surroundings.Resolve(file)))}";

    /// <summary>How this program is started from where the reader stands.</summary>
    internal static string Program(Surroundings surroundings) => CloneOf(surroundings.ProgramFolder) is { } clone
        ? $"dotnet run --project {Quote(surroundings.Shorten(Path.Combine(clone, Project)))} -c Release --"
        : "hotplug";

    private static string? CloneOf(string folder)
    {
        for (var up = new DirectoryInfo(folder); up is not null; up = up.Parent)
            if (File.Exists(Path.Combine(up.FullName, Solution)))
                return up.FullName;
        return null;
    }

    private static string Quote(string path) => path.Contains(' ') ? $"\"{path}\"" : path;
}
