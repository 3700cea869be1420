using System.Diagnostics.CodeAnalysis;

namespace Hotplug.Cli;

/// <summary>Everything that a command takes from outside: where it writes, where it stands, which clock it
/// reads.</summary>
public sealed record Surroundings
{
    /// <summary>Where results go.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard input and output as bytes, for a command that speaks a protocol there.</summary>
    public Func<(Stream Input, Stream Output)> Wire { get; init; } = static () => (Stream.Null, Stream.Null);

    /// <summary>Where progress and errors go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Output is plain text: no colours, no cursor movements.</summary>
    public bool PlainOutput { get; init; } = true;

    /// <summary>The same of <see cref="Error"/>.</summary>
    public bool PlainError { get; init; } = true;

    /// <summary>Relative paths start here.</summary>
    public required string Folder { get; init; }

    /// <summary>The program's own folder: tells a clone from an installed tool.</summary>
    public required string ProgramFolder { get; init; }

    /// <summary>The only clock of the suite.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Threads that may work at the same time.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess() => new()
    {
        Output = Console.Out,
        Wire = static () => (Console.OpenStandardInput(), Console.OpenStandardOutput()),
        Error = Console.Error,
        PlainOutput = Console.IsOutputRedirected || !IsColourTerminal(),
        PlainError = Console.IsErrorRedirected || !IsColourTerminal(),
        Folder = Environment.CurrentDirectory,
        ProgramFolder = AppContext.BaseDirectory,
        Processors = Environment.ProcessorCount,
    };

    /// <summary>A path as the caller wrote it, made absolute.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, Folder);

    /// <summary>A path as the caller would write it: relative where that is shorter to read.</summary>
    [return: NotNullIfNotNull(nameof(path))]
    public string? Shorten(string? path)
    {
        if (path is null)
            return null;
        var relative = Path.GetRelativePath(Folder, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    private static bool IsColourTerminal() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
