using System.Text;
using Hotplug.Contract;
using Hotplug.Engine.Run;
using Spectre.Console;

namespace Hotplug.Cli.Terminal;

/// <summary>Writes for a reader: with colours on a terminal, as plain text everywhere else.</summary>
internal sealed class Printer
{
    private const string Gap = "  ";

    private readonly TextWriter _writer;
    private readonly IAnsiConsole? _console;

    internal Printer(TextWriter writer, bool plain)
    {
        _writer = writer;
        // Spectre.Console looks at TERM and not at redirection: so it is not asked at all where text must be plain.
        _console = plain ? null : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
    }

    internal static Printer Output(Surroundings surroundings) => new(surroundings.Output, surroundings.PlainOutput);

    /// <summary>One line, never wrapped: it may be a command that is to be copied.</summary>
    internal void Line(string text = "") => _writer.WriteLine(text);

    /// <summary>A text of several lines that ends its last one itself.</summary>
    internal void Text(string text) => _writer.Write(text);

    /// <summary>A heading over what follows.</summary>
    internal void Heading(string text) => Coloured(text, new Style(decoration: Decoration.Bold), "");

    /// <summary>A verdict and what is to be said of it.</summary>
    internal void Verdict(Verdict verdict, string rest = "") => Coloured(Words.Of(verdict), new Style(verdict switch
    {
        Engine.Run.Verdict.Conforms => Color.Green,
        Engine.Run.Verdict.Violates => Color.Red,
        _ => Color.Yellow,
    }), rest);

    /// <summary>Rows under headings; cells of a row that ends early are empty.</summary>
    internal void Table(string[] headings, IReadOnlyList<string[]> rows)
    {
        if (_console is null)
            PlainTable([headings, .. rows]);
        else
            ColouredTable(headings, rows);
    }

    private void Coloured(string text, Style style, string rest)
    {
        if (_console is null)
            _writer.Write(text);
        else
            _console.Write(new Text(text, style));
        _writer.WriteLine(rest);
    }

    private void PlainTable(IReadOnlyList<string[]> rows)
    {
        var widths = new int[rows.Max(static r => r.Length)];
        foreach (var row in rows)
            for (var i = 0; i < row.Length; i++)
                widths[i] = Math.Max(widths[i], row[i].Length);
        var line = new StringBuilder();
        foreach (var row in rows)
        {
            line.Clear();
            for (var i = 0; i < row.Length; i++)
                line.Append(Gap).Append(IsNumber(row[i]) ? row[i].PadLeft(widths[i]) : row[i].PadRight(widths[i]));
            _writer.WriteLine(line.ToString().TrimEnd());
        }
    }

    private void ColouredTable(string[] headings, IReadOnlyList<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        for (var i = 0; i < headings.Length; i++)
            table.AddColumn(new TableColumn(new Text(headings[i]))
            {
                NoWrap = i == 0,     // An id is a word to be typed.
                Alignment = rows.All(r => r.Length <= i || IsNumber(r[i])) ? Justify.Right : Justify.Left,
            });
        foreach (var row in rows)
            table.AddRow(row.Select(static cell => new Text(cell)));
        _console!.Write(table);
    }

    private static bool IsNumber(string cell) => cell.Length > 0
        && cell.All(static c => char.IsAsciiDigit(c) || c is '.' or '%' or ' ');
}
