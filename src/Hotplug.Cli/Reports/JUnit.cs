using System.Text;
using System.Xml;
using Hotplug.Contract;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Invariants;

namespace Hotplug.Cli.Reports;

/// <summary>
/// The JUnit report of a gate: a suite per family of invariants and one for the reference model and the machine
/// itself; a test case per rule. What does not apply to the machine is skipped with the reason.
/// </summary>
internal static class JUnit
{
    private const string OtherRules = "specification";
    private const string Floors = "floors";
    private const string Races = "schedules";

    private sealed record Case(string Name, string? Skipped);

    internal static void Write(Stream stream, GateReport report)
    {
        var failure = report.Result.Failure;
        var families = Catalogue.All.GroupBy(static i => i.Family).OrderBy(static g => g.Key)
            .Select(g => (Name: Words.Of(g.Key), Cases: g.Select(i => CaseOf(i, report)).ToArray()));
        // A rule that no invariant has is the model's or the engine's.
        var rule = failure is not null && Catalogue.All.All(i => i.Id != failure.Violation.Rule)
            ? failure.Violation.Rule : null;
        Case[] others = rule is null ? [new("model", null)] : [new("model", null), new(rule, null)];
        if (report.JudgesFloors)
            others = [.. others, new(Floors, null)];
        if (report.Races is not null)
            others = [.. others, new(Races, null)];
        var settings = new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false) };
        using var xml = XmlWriter.Create(stream, settings);
        xml.WriteStartElement("testsuites");
        xml.WriteAttributeString("name", $"hotplug gate {report.Choice.Target.Name}");
        xml.WriteAttributeString("time", report.Elapsed.TotalSeconds.ToString("0.000"));
        foreach (var (name, cases) in families)
            WriteSuite(xml, name, cases, failure, report);
        WriteSuite(xml, OtherRules, others, failure, report);
        xml.WriteEndElement();
    }

    private static Case CaseOf(Invariant invariant, GateReport report) => new(invariant.Id,
        invariant.AppliesTo(report.Result.Machine) ? null : GateReport.WhyNot(invariant, report.Result.Machine));

    private static void WriteSuite(XmlWriter xml, string name, Case[] cases, Failure? failure, GateReport report)
    {
        var rule = failure?.Violation.Rule ?? (report.JudgesFloors && report.Missed.Any() ? Floors
            : report.Races?.Failure is not null ? Races : null);
        var broken = cases.Any(c => c.Name == rule);
        var violates = report.Verdict == Verdict.Violates;
        // Inconclusive is an error of the whole, told where no rule is at fault.
        var inconclusive = name == OtherRules && report.Verdict == Verdict.Inconclusive;
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("tests", cases.Length.ToString());
        xml.WriteAttributeString("failures", broken && violates ? "1" : "0");
        xml.WriteAttributeString("errors", inconclusive ? "1" : "0");
        xml.WriteAttributeString("skipped", cases.Count(static c => c.Skipped is not null).ToString());
        foreach (var one in cases)
        {
            xml.WriteStartElement("testcase");
            xml.WriteAttributeString("classname", $"hotplug.{report.Choice.Target.Name}.{name}");
            xml.WriteAttributeString("name", one.Name);
            if (one.Skipped is not null)
                WriteReason(xml, "skipped", one.Skipped, "");
            else if (violates && one.Name == rule)
                WriteFailure(xml, rule, failure, report);
            else if (inconclusive && one == cases[^1])
                WriteReason(xml, "error", failure?.Violation.ToString()
                    ?? "interrupted, or a kept failure could not be replayed", "");
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteFailure(XmlWriter xml, string rule, Failure? failure, GateReport report)
    {
        if (failure is not null)
            WriteReason(xml, "failure", failure.Violation.ToString(), FailureReport.Print(failure, "see the gate's output"));
        else if (rule == Races)
            WriteReason(xml, "failure", report.Races!.Failure!.Violation.ToString(),
                (report.Races.Picture is { } picture ? InterleavingText.Print(picture) : "") + $"race --replay {report.Races.Failure.Token}");
        else
            WriteReason(xml, "failure", "floors not reached",
                string.Join('\n', report.Missed.Select(static f => $"{f.Floor}: {f.Count} of at least {f.Floor.Least}")));
    }

    private static void WriteReason(XmlWriter xml, string element, string message, string body)
    {
        xml.WriteStartElement(element);
        xml.WriteAttributeString("message", Legal(message));
        if (body.Length > 0)
            xml.WriteString(Legal(body));
        xml.WriteEndElement();
    }

    // A machine's own words may hold characters that XML has no form for.
    private static string Legal(string text) =>
        string.Concat(text.Select(static c => XmlConvert.IsXmlChar(c) ? c : '?'));
}
