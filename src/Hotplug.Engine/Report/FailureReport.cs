using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Explain;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Report;

/// <summary>
/// A failure as text: what broke, by which operations, what was expected and seen, where the rule comes from, how to
/// repeat it.
/// </summary>
public static class FailureReport
{
    private const int MostRanges = 4;

    /// <summary>
    /// Prints the failure; <paramref name="replay"/> is the command that repeats it where the reader stands.
    /// </summary>
    public static string Print(Failure failure, string replay)
    {
        var text = new StringBuilder();
        var violation = failure.Violation;
        text.Append(violation.Rule).Append(Verb(failure))
            .Append(failure.Machine.Name).Append(Place(failure)).Append(Shrunk(failure)).Append(Seed(failure)).Append('\n');
        var spec = SpecText.Print(failure.Run.Spec);
        Line(text, spec.Length == 0 ? "machine as by default" : "machine " + spec);
        for (var i = 0; i < failure.Run.Executed.Length; i++)
            Line(text, $"{failure.Run.Executed[i]} -> {failure.Run.Answers[i]}");
        Line(text, $"{violation.Subject}: expected {violation.Expected}, observed {violation.Observed}");
        if (!violation.Pages.IsDefaultOrEmpty)
            Line(text, "pages   " + string.Join(' ', violation.Pages.Take(MostRanges))
                + (violation.Pages.Length > MostRanges ? $" and {violation.Pages.Length - MostRanges} more" : ""));
        if (failure.Again is { } again)
            PrintAgain(text, failure.Run, again);
        else if (!failure.Reproduced)
            Line(text, "note    as it was found: it was not run again, or did not show again");
        if (failure.Explanation is { } explanation)
            text.Append(ExplanationText.Print(explanation));
        Line(text, $"source  {violation.Source}");
        Line(text, $"replay  {replay}");
        return text.ToString();
    }

    private static string Verb(Failure failure) => failure.IsFlaky ? " violated once, and not again, by "
        : failure.Run.Verdict == Verdict.Violates ? " violated by " : " ends the run of ";

    private static void PrintAgain(StringBuilder text, RunResult run, RunResult again)
    {
        Line(text, "flaky   run again, the same operations "
            + (again.Violation is { } other ? $"came to {other.Rule}: {other.Subject}: expected {other.Expected}, "
                + $"observed {other.Observed}" : "broke no rule"));
        for (var i = 0; i < Math.Min(run.Answers.Length, again.Answers.Length); i++)
            if (run.Answers[i] != again.Answers[i])
                Line(text, $"again   {run.Executed[i]} -> {again.Answers[i]}, not {run.Answers[i]}");
    }

    private static string Place(Failure failure) => failure.Run.FailedAt < 0
        ? " at the start"
        : $" at operation {failure.Run.FailedAt + 1} of {failure.Run.Executed.Length}";

    private static string Shrunk(Failure failure)
    {
        if (failure.OriginalLength == failure.Run.Executed.Length)
            return failure.IsProvedMinimal ? " (proved minimal)" : "";
        return $" (shrunk from {failure.OriginalLength}{(failure.IsProvedMinimal ? ", proved minimal" : "")})";
    }

    private static string Seed(Failure failure) =>
        failure.Seed is { } seed ? $", seed 0x{seed:X}, sequence {failure.Sequence}" : "";

    private static void Line(StringBuilder text, string line) => text.Append("  ").Append(line).Append('\n');
}
