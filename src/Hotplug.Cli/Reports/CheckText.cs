using Hotplug.Cli.Terminal;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Reports;

/// <summary>What <c>check</c> says: a recording only where there is something to say of it, then totals.</summary>
internal static class CheckText
{
    /// <summary>Violates outranks unreadable, which outranks inconclusive: nothing that failed hides behind
    /// another.</summary>
    internal static ExitCode ExitCodeOf(IReadOnlyCollection<CheckedRecording> judged, int files)
    {
        var verdict = VerdictOf(judged, files);
        return verdict != Verdict.Violates && judged.Any(static j => j.Error is not null)
            ? ExitCode.Usage : ExitCodes.Of(verdict);
    }

    internal static void PrintOne(Printer printer, Surroundings surroundings, CheckedRecording one)
    {
        if (one.Error is not null)
        {
            surroundings.Error.WriteLine("error: " + one.Error);
            return;
        }

        foreach (var note in one.Recording!.Notes)
            printer.Line($"{one.File}: note: {note}");
        foreach (var (defect, count) in one.Declared)
            printer.Line($"{one.File}: declared: {defect}, {count} times");
        if (one.Result!.Violation is not { } violation)
            return;
        printer.Verdict(one.Result.Verdict, $" {one.File}{(one.Line > 0 ? $":{one.Line}" : "")}");
        if (one.Result.FailedAt >= 0)
            printer.Line($"  {one.Result.Executed[one.Result.FailedAt]} -> {one.Result.Answers[one.Result.FailedAt]}");
        printer.Line($"  {violation}");
        printer.Line($"  source  {violation.Source}");
        printer.Line($"  replay  {ReplayLine.Program(surroundings)} check {one.File}");
    }

    internal static void PrintTotals(Printer printer, IReadOnlyCollection<CheckedRecording> judged, int files,
        TimeSpan elapsed)
    {
        var rows = judged.Where(static j => j.Recording is not null)
            .GroupBy(static j => (j.Recording!.Kernel, j.Configuration))
            .OrderBy(static g => g.Key.Kernel, StringComparer.Ordinal)
            .ThenBy(static g => g.Key.Configuration, StringComparer.Ordinal)
            .Select(static g => new[]
            {
                g.Key.Kernel, g.Key.Configuration, g.Count().ToString(),
                g.Sum(static j => (long)j.Result!.Executed.Length).ToString(),
                g.Count(static j => j.Result!.Verdict == Verdict.Conforms).ToString(),
                g.Count(static j => !j.Declared.IsEmpty).ToString(),
                g.Count(static j => j.Result!.Verdict != Verdict.Conforms).ToString(),
            }).ToArray();
        if (rows.Length > 0)
        {
            printer.Line();
            printer.Table(["kernel", "machine", "recordings", "operations", "conform", "declared", "violate"], rows);
        }

        var declared = judged.SelectMany(static j => j.Declared).GroupBy(static d => d.Key)
            .OrderBy(static g => g.Key, StringComparer.Ordinal).ToArray();
        if (declared.Length > 0)
        {
            printer.Line();
            printer.Table(["declared defect", "recordings", "times"],
                [.. declared.Select(static g =>
                    new[] { g.Key, g.Count().ToString(), g.Sum(static d => d.Value).ToString() })]);
        }

        printer.Line();
        var unreadable = judged.Count(static j => j.Error is not null);
        printer.Verdict(VerdictOf(judged, files), $": {judged.Count} recordings, "
            + $"{judged.Count(static j => j.Result?.Verdict == Verdict.Violates)} violate, "
            + $"{unreadable} cannot be read, {judged.Sum(static j => (long)(j.Result?.Executed.Length ?? 0))} operations, "
            + $"{elapsed.TotalSeconds:0.0} s");
        if (judged.Count < files)
            printer.Line($"  interrupted: {files - judged.Count} recordings were not judged");
    }

    private static Verdict VerdictOf(IReadOnlyCollection<CheckedRecording> judged, int files)
    {
        // What cannot be read says nothing, and neither does what was not reached.
        var rest = judged.Count < files || judged.Any(static j => j.Error is not null)
            ? Verdict.Inconclusive : Verdict.Conforms;
        return judged.Aggregate(rest, static (all, one) => all.And(one.Result?.Verdict ?? Verdict.Inconclusive));
    }
}
