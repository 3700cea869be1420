namespace Hotplug.Tests.Conventions;

/// <summary>The checkout that the tests run from.</summary>
internal static class Repository
{
    private static readonly string[] s_sourceFolders = ["src", "generators", "properties", "tests"];

    /// <summary>The folder that holds ConformanceSuite.sln.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>Every source file, build output excluded, in ordinal order.</summary>
    public static IEnumerable<string> SourceFiles() => Files("*.cs");

    /// <summary>Every project file, in ordinal order.</summary>
    public static IEnumerable<string> ProjectFiles() => Files("*.csproj");

    /// <summary>The path as the repository names it.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static IEnumerable<string> Files(string pattern) => s_sourceFolders
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories))
        .Where(static path => !Relative(path).Split('/').Any(static part => part is "bin" or "obj"))
        .Order(StringComparer.Ordinal);

    private static string FindRoot(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "ConformanceSuite.sln")))
                return at.FullName;
        throw new InvalidOperationException($"no ConformanceSuite.sln above {folder}");
    }
}
