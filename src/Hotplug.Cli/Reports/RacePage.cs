using System.Globalization;
using System.Net;
using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Schedules.Pictures;

namespace Hotplug.Cli.Reports;

/// <summary>An interleaving as a page that needs nothing but itself.</summary>
internal static class RacePage
{
    private const string Style = """
        body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#1a1a1a;background:#fff}
        table{border-collapse:collapse}th,td{padding:.2em .8em;text-align:left;vertical-align:top}
        th{border-bottom:2px solid #888}td{border-bottom:1px solid #e4e4e4}
        td.cpu{font-family:ui-monospace,monospace;font-size:13px}td.on{background:#eef4ff}
        tr.preempted td{border-top:2px dashed #c0392b}tr.race td.on{background:#fdecea}
        td.page{color:#555}td.changed{color:#000;font-weight:600}code{font-size:13px;word-break:break-all}
        .window{color:#555}
        @media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}td{border-color:#333}
        td.on{background:#1d2b44}tr.race td.on{background:#46221e}td.page{color:#999}td.changed{color:#fff}}
        """;

    /// <summary>Prints the page.</summary>
    internal static string Print(Interleaving picture, string replay)
    {
        var text = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
            .Append(Text(picture.Violation?.Rule ?? "interleaving")).Append("</title>\n<style>\n").Append(Style)
            .Append("\n</style></head><body>\n");
        if (picture.Violation is { } violation)
            text.Append(CultureInfo.InvariantCulture, $"""
                <h1>{Text(violation.Rule)}</h1>
                <p>{Text(violation.Subject)}: expected {Text(violation.Expected)}, observed {Text(violation.Observed)}.</p>
                <p>Source: {Text(violation.Source.ToString())}</p>

                """);
        text.Append(CultureInfo.InvariantCulture, $"<p>Machine: <code>{Text(SpecText.Print(picture.Race.Spec))}</code></p>\n<p>Before the race:</p>\n<ol>\n");
        foreach (var operation in picture.Race.Prefix)
            text.Append("<li><code>").Append(Text(operation.ToString())).Append("</code></li>\n");
        text.Append("</ol>\n");
        AppendSteps(text, picture);
        foreach (var (interrupted, between) in picture.Accesses)
            text.Append(CultureInfo.InvariantCulture, $"""
                <p><b>Race:</b> cpu {interrupted.Cpu}, <code>{Text(interrupted.Operation)}</code>, stood at
                <code>{Text(interrupted.Where.ToString())}</code>; cpu {between.Cpu},
                <code>{Text(between.Operation)}</code>, came between.<br><span class="window">{Text(InterleavingText.WindowOf(interrupted) ?? "")}</span></p>

                """);
        return text.Append(CultureInfo.InvariantCulture, $"<p>Replay: <code>{Text(replay)}</code></p>\n</body></html>\n")
            .ToString();
    }

    private static void AppendSteps(StringBuilder text, Interleaving picture)
    {
        var cpus = picture.Race.Cpus.Length;
        text.Append("<table>\n<tr><th>step</th>");
        for (var cpu = 0; cpu < cpus; cpu++)
            text.Append(CultureInfo.InvariantCulture, $"<th>cpu {cpu}</th>");
        text.Append(picture.Page < 0 ? "" : $"<th>page {picture.Page}</th>").Append("</tr>\n");
        if (picture.Page >= 0)
            text.Append(CultureInfo.InvariantCulture,
                $"<tr><td></td><td colspan=\"{cpus}\"></td><td class=\"page\">{Text(picture.PageBefore)}</td></tr>\n");
        var before = picture.PageBefore;
        foreach (var step in picture.Steps)
        {
            Append(text, picture, step, before);
            before = step.Page;
        }

        text.Append("</table>\n");
    }

    private static void Append(StringBuilder text, Interleaving picture, InterleavedStep step, string before)
    {
        var races = picture.Accesses.Any(a => a.Interrupted.Step == step.Number || a.Between.Step == step.Number);
        text.Append(CultureInfo.InvariantCulture,
            $"<tr class=\"{(step.IsPreemption ? "preempted " : "")}{(races ? "race" : "")}\"><td>{step.Number}</td>");
        for (var cpu = 0; cpu < picture.Race.Cpus.Length; cpu++)
            text.Append(cpu != step.Cpu ? "<td></td>"
                : $"<td class=\"cpu on\">{(step.Begins ? $"<b>{Text(step.Operation)}</b><br>" : "")}"
                    + $"{Text(InterleavingText.Words(step))}</td>");
        if (picture.Page >= 0)
            text.Append(CultureInfo.InvariantCulture,
                $"<td class=\"page{(step.Page == before ? "" : " changed")}\">{Text(step.Page)}</td>");
        text.Append("</tr>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
