namespace Hotplug.Adapters.Recording;

/// <summary>
/// A recording that cannot be read: where, and what is wrong there. Wrong input (exit 2), never a verdict.
/// </summary>
public sealed class RecordingFormatException(string file, int line, int column, string problem, Exception? cause = null)
    : Exception($"{file}:{line}:{column}: {problem}", cause)
{
    /// <summary>The file as it was named.</summary>
    public string File { get; } = file;

    /// <summary>Its line, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>The byte in that line, from 1.</summary>
    public int Column { get; } = column;
}
