using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Traces;

/// <summary>Prints and parses traces. Grammar: docs/TRACE.md.</summary>
public static class TraceText
{
    /// <summary>First line of every trace.</summary>
    public const string Header = "hotplug-trace 1";

    private const string SpecWord = "spec";
    private const string NoteWord = "note";

    /// <summary>Prints the text form; <see cref="TryParse"/> reads it back to an equal trace.</summary>
    public static string Print(Trace trace)
    {
        var text = new StringBuilder(Header).Append('\n');
        foreach (var (key, value) in trace.Notes)
            text.Append(NoteWord).Append(' ').Append(key).Append(' ').Append(value).Append('\n');
        var spec = SpecText.Print(trace.Spec);
        if (spec.Length > 0)
            text.Append(SpecWord).Append(' ').Append(spec).Append('\n');
        foreach (var operation in trace.Operations)
            text.Append(operation.ToString()).Append('\n');
        return text.ToString();
    }

    /// <summary>Reads a trace. False: <paramref name="error"/> says where and why.</summary>
    public static bool TryParse(string text, out Trace trace, out TextError? error)
    {
        var spec = new MachineSpec();
        var specLine = 0;
        var notes = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        var operations = ImmutableArray.CreateBuilder<Operation>();
        trace = new Trace(spec, []);
        error = null;
        var lines = text.Split('\n');
        var seenHeader = false;
        for (var i = 0; i < lines.Length && error is null; i++)
        {
            var tokens = Tokens(lines[i]);
            if (tokens.Count == 0)
                continue;
            if (!seenHeader)
            {
                seenHeader = true;
                if (lines[i].TrimEnd() != Header)
                    error = new TextError(i + 1, 1, $"'{Shorten(lines[i])}': a trace begins with '{Header}'");
            }
            else if (tokens[0].Text == NoteWord)
            {
                if (tokens.Count < 2)
                    error = new TextError(i + 1, 1, "'note' needs a key, such as 'note seed 0x1F'");
                else
                    notes.Add(new(tokens[1].Text, tokens.Count == 2 ? "" : lines[i][(tokens[2].Column - 1)..].TrimEnd()));
            }
            else if (tokens[0].Text == SpecWord)
            {
                specLine = i + 1;
                error = operations.Count > 0
                    ? new TextError(i + 1, 1, "'spec' stands before the first operation")
                    : ParseSpec(tokens, i + 1, ref spec);
            }
            else
            {
                error = OperationText.TryParse(tokens, i + 1, out var operation);
                operations.Add(operation);
            }
        }

        if (!seenHeader && error is null)
            error = new TextError(1, 1, $"empty text: a trace begins with '{Header}'");
        if (error is null && SpecRules.Check(spec) is { } broken)
            error = new TextError(Math.Max(specLine, 1), 1, broken);
        if (error is null)
            trace = new Trace(spec, operations.ToImmutable()) { Notes = notes.ToImmutable() };
        return error is null;
    }

    internal static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private static TextError? ParseSpec(List<Token> tokens, int line, ref MachineSpec spec)
    {
        foreach (var token in tokens.Skip(1))
        {
            var equals = token.Text.IndexOf('=');
            if (equals < 1)
                return new TextError(line, token.Column, $"'{Shorten(token.Text)}': the form is key=value; keys: {string.Join(", ", SpecText.Keys)}");
            if (!SpecText.TryApply(ref spec, token.Text[..equals], token.Text[(equals + 1)..], out var message))
                return new TextError(line, token.Column, message);
        }

        return null;
    }

    internal static List<Token> Tokens(string line)
    {
        var tokens = new List<Token>();
        var comment = CommentStart(line);
        var i = 0;
        while (i < comment)
        {
            while (i < comment && char.IsWhiteSpace(line[i]))
                i++;
            var start = i;
            while (i < comment && !char.IsWhiteSpace(line[i]))
                i++;
            if (i > start)
                tokens.Add(new Token(line[start..i], start + 1));
        }

        return tokens;
    }

    // '#' also begins a raw block name (#40): a comment is a '#' that a blank or the end follows.
    private static int CommentStart(string line)
    {
        for (var i = 0; i < line.Length; i++)
            if (line[i] == '#' && (i == 0 || char.IsWhiteSpace(line[i - 1]))
                && (i + 1 == line.Length || char.IsWhiteSpace(line[i + 1])))
                return i;
        return line.Length;
    }
}

/// <summary>A word of a line, and the column where it stands.</summary>
/// <param name="Text">The word.</param>
/// <param name="Column">From 1.</param>
internal readonly record struct Token(string Text, int Column);
