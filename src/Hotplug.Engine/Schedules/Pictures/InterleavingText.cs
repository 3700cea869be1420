using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules.Pictures;

/// <summary>An interleaving as plain text: a column for each CPU, time goes down, the page at the right.</summary>
public static class InterleavingText
{
    /// <summary>No line is longer.</summary>
    public const int Width = 120;

    private const int NumberWidth = 4;
    private const int LeastPageWidth = 24;
    private const int MostColumn = 33;
    private const string Gap = "  ";

    /// <summary>Prints the columns, then the accesses that race.</summary>
    public static string Print(Interleaving picture)
    {
        var text = new StringBuilder();
        var cpus = picture.Race.Cpus.Length;
        var column = Math.Min(MostColumn, (Width - NumberWidth - LeastPageWidth - (Gap.Length * (cpus + 1))) / cpus);
        var spec = SpecText.Print(picture.Race.Spec);
        Wrap(text, spec.Length == 0 ? "machine as by default" : "machine " + spec);
        foreach (var operation in picture.Race.Prefix)
            Wrap(text, operation.ToString());
        Row(text, column, "step", [.. Enumerable.Range(0, cpus).Select(static c => $"cpu {c}")],
            picture.Page < 0 ? "" : $"page {picture.Page}");
        Row(text, column, "", new string[cpus], picture.PageBefore);
        foreach (var step in picture.Steps)
            Print(text, column, cpus, step);
        foreach (var (interrupted, between) in picture.Accesses)
            Print(text, interrupted, between);
        return text.ToString();
    }

    /// <summary>Appends a line, indented, and broken where it is too long.</summary>
    public static void Wrap(StringBuilder text, string line)
    {
        var rest = Gap + line;
        while (rest.Length > Width)
        {
            var cut = rest.LastIndexOf(' ', Width);
            if (cut <= 10)
                cut = Width;
            text.Append(rest.AsSpan(0, cut)).Append('\n');
            rest = "          " + rest[cut..].TrimStart();
        }

        text.Append(rest).Append('\n');
    }

    private static void Print(StringBuilder text, int column, int cpus, InterleavedStep step)
    {
        var mark = step.IsPreemption ? ">" : "";
        var number = mark + step.Number;
        if (step.Begins)
        {
            Row(text, column, number, Cell(cpus, step.Cpu, step.Operation), "");
            number = "";
        }

        Row(text, column, number, Cell(cpus, step.Cpu, "  " + Words(step)), step.Page);
    }

    /// <summary>Where the step led, in a few words.</summary>
    public static string Words(InterleavedStep step) => step.Answer is { } answer ? "returns " + answer
        : step.To.Standing switch
        {
            Standing.Done => "ends",
            Standing.Awaiting => "waits " + step.To,
            _ => step.To.ToString(),
        };

    /// <summary>
    /// What may come between where the CPU was interrupted, by the point that it passed last; null where it passed none.
    /// </summary>
    public static string? WindowOf(RacingAccess interrupted) => interrupted.Where.Point == SchedulePoint.Begin
        ? null
        : SchedulePointTable.Of(interrupted.Where.Point).Window;

    private static void Print(StringBuilder text, RacingAccess interrupted, RacingAccess between)
    {
        Wrap(text, $"race    cpu {interrupted.Cpu}, {interrupted.Operation}, stood at {interrupted.Where}"
            + (interrupted.Step < 0 ? "" : $" before step {interrupted.Step}")
            + $"; cpu {between.Cpu}, {between.Operation}, came between, last with step {between.Step} from {between.Where}");
        if (WindowOf(interrupted) is { } window)
            Wrap(text, $"window  {window}");
    }

    private static string[] Cell(int cpus, int cpu, string text)
    {
        var cells = new string[cpus];
        cells[cpu] = text;
        return cells;
    }

    private static void Row(StringBuilder text, int column, string number, string?[] cells, string page)
    {
        var line = new StringBuilder(number.PadLeft(NumberWidth));
        foreach (var cell in cells)
            line.Append(Gap).Append(Fit(cell ?? "", column));
        line.Append(Gap);
        line.Append(Cut(page, Width - line.Length));
        text.Append(line.ToString().TrimEnd()).Append('\n');
    }

    private static string Fit(string cell, int width) => Cut(cell, width).PadRight(width);

    private static string Cut(string cell, int width) => cell.Length <= width ? cell : cell[..(width - 1)] + "…";
}
