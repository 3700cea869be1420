using System.Collections.Immutable;
using Hotplug.Contract.Traces;

namespace Hotplug.Engine.Replay;

/// <summary>A failing trace that was kept.</summary>
/// <param name="File">Where it stands.</param>
/// <param name="Trace">What it says; null if it cannot be read.</param>
/// <param name="Error">Why it cannot be read; null otherwise.</param>
public sealed record KeptFailure(string File, Trace? Trace, string? Error);

/// <summary>
/// A folder of failing traces, one file each: <c>rule-hash.trace</c>. A failure is written before it is reported,
/// replayed first the next time, and kept until it passes.
/// </summary>
public sealed class FailureDatabase(string folder)
{
    private const string Extension = ".trace";

    /// <summary>The folder; it need not exist before something is written.</summary>
    public string Folder { get; } = folder;

    /// <summary>Everything kept, in ordinal order of the file names.</summary>
    public ImmutableArray<KeptFailure> Read()
    {
        if (!Directory.Exists(Folder))
            return [];
        var files = Directory.GetFiles(Folder, "*" + Extension);
        Array.Sort(files, StringComparer.Ordinal);
        return [.. files.Select(Read)];
    }

    /// <summary>
    /// Writes a trace that breaks this rule and returns its file. Written beside and renamed: a reader finds the whole
    /// trace or none. The same failure gets the same name.
    /// </summary>
    public string Write(string rule, Trace trace)
    {
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, NameOf(rule, trace));
        var beside = file + ".new";
        File.WriteAllText(beside, TraceText.Print(trace.WithNote("rule", rule)));
        File.Move(beside, file, overwrite: true);
        return file;
    }

    /// <summary>Forgets a failure: it passes now, or a simpler one took its place.</summary>
    public void Delete(string file) => File.Delete(Path.Combine(Folder, Path.GetFileName(file)));

    private static KeptFailure Read(string file) => TraceText.TryParse(File.ReadAllText(file), out var trace, out var error)
        ? new KeptFailure(file, trace, null)
        : new KeptFailure(file, null, error!.ToString());

    // Notes tell where a trace came from; they do not make it another failure.
    private static string NameOf(string rule, Trace trace) =>
        $"{rule}-{Fnv1A(TraceText.Print(trace with { Notes = [] })):x16}{Extension}";

    private static ulong Fnv1A(string text)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var c in text)
            hash = unchecked((hash ^ c) * 0x100000001B3);   // Arithmetic modulo 2^64 is the algorithm.
        return hash;
    }
}
