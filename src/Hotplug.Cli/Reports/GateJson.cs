using System.Text.Encodings.Web;
using System.Text.Json;
using Hotplug.Cli.Input;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Report;

namespace Hotplug.Cli.Reports;

/// <summary>The JSON report of a gate: docs/REPORTS.md.</summary>
internal static class GateJson
{
    internal const int Schema = 1;

    // Reports are read by people too: no escapes for what is not markup here.
    private static readonly JsonWriterOptions s_options =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static void Write(Stream stream, GateReport report, string? trace)
    {
        var result = report.Result;
        using var json = new Utf8JsonWriter(stream, s_options);
        json.WriteStartObject();
        json.WriteNumber("schema", Schema);
        json.WriteString("verdict", Words.Of(report.Verdict));
        json.WriteNumber("exit", (int)report.ExitCode);
        json.WriteBoolean("interrupted", report.Interrupted);
        json.WriteString("target", report.Choice.Target.Name);
        json.WriteString("fault", report.Choice.Fault);
        json.WriteString("version", result.Machine.Version);
        WriteArray(json, "levels", LevelsText.Print(report.Levels).Split(' '));
        json.WriteString("seed", Seed.Print(result.Seed));
        json.WriteString("budget", report.Budget.ToString());
        json.WriteNumber("sequences", result.Sequences);
        json.WriteNumber("operations", result.Operations);
        json.WriteNumber("seconds", Math.Round(report.Elapsed.TotalSeconds, 3));
        WriteInvariants(json, report);
        WriteCoverage(json, report);
        WriteReached(json, report);
        WriteFaults(json, report);
        json.WriteNumber("replayed", result.Replayed);
        WriteArray(json, "passed", result.Passed);
        WriteArray(json, "notReplayed", result.NotReplayed);
        WriteArray(json, "repeated", result.Repeated);
        WriteFailure(json, result.Failure, trace);
        WriteRaces(json, report.Races);
        WriteArray(json, "others", result.Others.Select(static f => f.Violation.Rule));
        json.WriteEndObject();
    }

    private static void WriteRaces(Utf8JsonWriter json, RaceFigures? races)
    {
        if (races is null)
        {
            json.WriteNull("races");
            return;
        }

        json.WriteStartObject("races");
        json.WriteNumber("races", races.Result.Races);
        json.WriteNumber("schedules", races.Result.Schedules);
        json.WriteNumber("steps", races.Result.Steps);
        json.WriteNumber("preemptions", Commands.GateRaces.MostPreemptions);
        json.WriteString("rule", races.Failure?.Violation.Rule);
        json.WriteString("observed", races.Failure?.Violation.ToString());
        json.WriteString("token", races.Failure?.Token);
        json.WriteEndObject();
    }

    private static void WriteReached(Utf8JsonWriter json, GateReport report)
    {
        json.WriteStartArray("reached");
        foreach (var (kind, what, count) in report.Result.Reached)
        {
            json.WriteStartObject();
            json.WriteString("kind", Words.Of(kind));
            json.WriteString("what", what);
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("floorsJudged", report.JudgesFloors);
        json.WriteStartArray("floors");
        foreach (var (floor, count) in report.Floors)
        {
            json.WriteStartObject();
            json.WriteString("floor", floor.ToString());
            json.WriteNumber("least", floor.Least);
            json.WriteNumber("reached", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFaults(Utf8JsonWriter json, GateReport report)
    {
        json.WriteStartArray("faults");
        foreach (var points in report.Result.Faults)
        {
            json.WriteStartObject();
            json.WriteString("operation", OperationTable.Of(points.Operation).Word);
            json.WriteString("point", Words.Of(points.Point));
            json.WriteNumber("struck", points.Struck);
            json.WriteNumber("most", points.Most);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteInvariants(Utf8JsonWriter json, GateReport report)
    {
        json.WriteStartArray("invariants");
        foreach (var (invariant, count) in report.Result.Shares)
        {
            json.WriteStartObject();
            json.WriteString("id", invariant.Id);
            json.WriteString("family", Words.Of(invariant.Family));
            json.WriteNumber("evaluations", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notApplicable");
        foreach (var invariant in report.NotApplicable)
        {
            json.WriteStartObject();
            json.WriteString("id", invariant.Id);
            json.WriteString("why", GateReport.WhyNot(invariant, report.Result.Machine));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCoverage(Utf8JsonWriter json, GateReport report)
    {
        json.WriteStartArray("coverage");
        foreach (var (kind, answer, count) in report.Result.Coverage.Entries)
        {
            json.WriteStartObject();
            json.WriteString("operation", OperationTable.Of(kind).Word);
            json.WriteString("answer", answer.ToString());
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFailure(Utf8JsonWriter json, Failure? failure, string? trace)
    {
        if (failure is null)
        {
            json.WriteNull("failure");
            return;
        }

        json.WriteStartObject("failure");
        json.WriteString("rule", failure.Violation.Rule);
        json.WriteString("subject", failure.Violation.Subject);
        json.WriteString("expected", failure.Violation.Expected);
        json.WriteString("observed", failure.Violation.Observed);
        json.WriteString("source", failure.Violation.Source.ToString());
        json.WriteString("spec", SpecText.Print(failure.Run.Spec));
        json.WriteStartArray("operations");
        for (var i = 0; i < failure.Run.Executed.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("operation", failure.Run.Executed[i].ToString());
            json.WriteString("answer", failure.Run.Answers[i].ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("shrunkFrom", failure.OriginalLength);
        json.WriteBoolean("provedMinimal", failure.IsProvedMinimal);
        json.WriteBoolean("flaky", failure.IsFlaky);
        json.WriteNumber("sequence", failure.Sequence);
        json.WriteString("trace", trace);
        json.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
