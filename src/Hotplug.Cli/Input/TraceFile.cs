using Hotplug.Contract.Traces;

namespace Hotplug.Cli.Input;

/// <summary>Reads traces that the caller names.</summary>
internal static class TraceFile
{
    /// <summary>The trace in this file. Throws <see cref="UsageException"/> with file, line and column if there is
    /// none.</summary>
    internal static Trace Read(Surroundings surroundings, string path)
    {
        var text = Readable.Open(path, () => File.ReadAllText(surroundings.Resolve(path)));
        return TraceText.TryParse(text, out var trace, out var error)
            ? trace
            : throw new UsageException($"{path}:{error!.Line}:{error.Column}: {error.Message}");
    }
}
