using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Traces;

/// <summary>
/// A machine and a sequence of operations, as plain data: the replay file, the regression test, the entry of the
/// failure database, the body of a report and what people paste into a bug report. Text form: docs/TRACE.md.
/// </summary>
/// <param name="Spec">The machine.</param>
/// <param name="Operations">What is done to it, in order.</param>
public sealed record Trace(MachineSpec Spec, ImmutableArray<Operation> Operations)
{
    /// <summary>Notes that travel with the trace: target, seed, rule. Keys are single words; order is kept.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Notes { get; init; } = [];

    /// <summary>The levels that its operations need.</summary>
    public Levels Needs => Operations.Aggregate(Levels.None, static (l, o) => l | OperationTable.Of(o.Kind).Level);

    /// <summary>The note with this key, or null.</summary>
    public string? Note(string key) => Notes.FirstOrDefault(n => n.Key == key).Value;

    /// <summary>The trace with a note put in, in place of one with the same key.</summary>
    public Trace WithNote(string key, string value) =>
        this with { Notes = [.. Notes.Where(n => n.Key != key), new(key, value)] };

    /// <summary>The same machine with other operations.</summary>
    public Trace WithOperations(ReadOnlySpan<Operation> operations) => this with { Operations = [.. operations] };

    /// <summary>Prints the text form.</summary>
    public override string ToString() => TraceText.Print(this);
}

/// <summary>What is wrong with a text, and where.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Message">The value, what was allowed, and the next step.</param>
public sealed record TextError(int Line, int Column, string Message)
{
    /// <summary>Prints <c>line 3, column 8: …</c>.</summary>
    public override string ToString() => $"line {Line}, column {Column}: {Message}";
}
