using System.Collections.Immutable;
using System.Text.Json;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;

namespace Hotplug.Adapters.Kernel;

/// <summary>A defect that is declared for a range of kernels: a known violation, not a rule.</summary>
/// <param name="Precondition">Id of the <see cref="IKnownDefect"/> that checks its precondition and predicts the
/// deviation.</param>
/// <param name="Rule">The rule that it breaks.</param>
/// <param name="From">First kernel that has it.</param>
/// <param name="Until">First kernel that has it no more; null while none is known.</param>
/// <param name="Reason">What goes wrong, and where in the kernel.</param>
/// <param name="Trace">The shortest operations that show it.</param>
public sealed record ExpectedDefect(string Precondition, string Rule, KernelVersion From, KernelVersion? Until,
    string Reason, ImmutableArray<string> Trace)
{
    /// <summary>True if the kernel lies in its range.</summary>
    public bool AppliesTo(KernelVersion kernel) =>
        !kernel.IsBefore(From) && (Until is not { } until || kernel.IsBefore(until));
}

/// <summary>The declared defects: <c>expected/&lt;kernel&gt;.json</c>, JSON with comments.</summary>
/// <param name="Defects">All of them.</param>
public sealed record ExpectedDefects(ImmutableArray<ExpectedDefect> Defects)
{
    private const string ResourcePrefix = "expected.";

    private static readonly JsonDocumentOptions s_options =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>What the project itself declares.</summary>
    public static ExpectedDefects Bundled { get; } = ReadBundled();

    /// <summary>Watchers of the defects that are declared for this kernel release.</summary>
    public ImmutableArray<Func<IKnownDefect>> For(string release) => KernelVersion.TryParse(release, out var kernel)
        ? [.. Defects.Where(d => d.AppliesTo(kernel)).Select(static d => KnownDefects.All[d.Precondition])]
        : [];

    /// <summary>
    /// Reads one file. Throws <see cref="ExpectedDefectsException"/> with the entry and what is wrong with it.
    /// </summary>
    public static ExpectedDefects Read(string file, Stream text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, s_options);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("defects", out var list)
                || list.ValueKind != JsonValueKind.Array)
                throw new ExpectedDefectsException($"{file}: expected an object with an array \"defects\"");
            return new ExpectedDefects([.. list.EnumerateArray().Select((d, i) => ReadOne(new Entry(file, i, d)))]);
        }
        catch (JsonException cause)
        {
            throw new ExpectedDefectsException(
                $"{file}:{(cause.LineNumber ?? 0) + 1}:{(cause.BytePositionInLine ?? 0) + 1}: not JSON with comments",
                cause);
        }
    }

    private static ExpectedDefects ReadBundled()
    {
        var assembly = typeof(ExpectedDefects).Assembly;
        var all = ImmutableArray.CreateBuilder<ExpectedDefect>();
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
            if (name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
                using (var stream = assembly.GetManifestResourceStream(name)!)
                    all.AddRange(Read("expected/" + name[ResourcePrefix.Length..], stream).Defects);
        return new ExpectedDefects(all.ToImmutable());
    }

    private static ExpectedDefect ReadOne(Entry entry)
    {
        var precondition = entry.Text("precondition");
        if (!KnownDefects.All.ContainsKey(precondition))
            throw entry.Fail($"precondition '{precondition}' is not known; "
                + $"known: {string.Join(", ", KnownDefects.All.Keys)}");
        var trace = entry.Lines("trace");
        if (!TraceText.TryParse(string.Join('\n', trace.Prepend(TraceText.Header)), out _, out var error))
            throw entry.Fail($"its trace is not one: {error}");
        return new ExpectedDefect(precondition, entry.Text("rule"), entry.Version("from"),
            entry.Has("until") ? entry.Version("until") : null, entry.Text("reason"), trace);
    }

    // One element of the array, read with messages that say which.
    private readonly record struct Entry(string File, int Index, JsonElement Element)
    {
        public ExpectedDefectsException Fail(string problem) => new($"{File}: defect {Index + 1}: {problem}");

        public bool Has(string name) => Element.TryGetProperty(name, out _);

        public string Text(string name) => Element.ValueKind == JsonValueKind.Object
            && Element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text
            ? text
            : throw Fail($"\"{name}\" is missing; every defect has precondition, rule, from, reason and trace");

        public KernelVersion Version(string name) => KernelVersion.TryParse(Text(name), out var version)
            ? version
            : throw Fail($"\"{name}\" is '{Text(name)}': expected a kernel version such as 6.12");

        public ImmutableArray<string> Lines(string name)
        {
            if (!Element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Array)
                throw Fail($"\"{name}\" is not an array of lines");
            return [.. value.EnumerateArray().Select(static l => l.ToString())];
        }
    }
}

/// <summary>A list of declared defects cannot be read: wrong input, never a verdict.</summary>
public sealed class ExpectedDefectsException : Exception
{
    /// <summary>With a message that names the file, the entry and what was expected.</summary>
    public ExpectedDefectsException(string message)
        : base(message)
    {
    }

    /// <summary>With the cause.</summary>
    public ExpectedDefectsException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
