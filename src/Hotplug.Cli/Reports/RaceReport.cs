using System.Globalization;
using System.Text;
using Hotplug.Cli.Terminal;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Run;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Engine.Schedules.Search;

namespace Hotplug.Cli.Reports;

/// <summary>What the races of a gate came to.</summary>
/// <param name="Result">What was run.</param>
/// <param name="Failure">What failed, shrunk; null if nothing did.</param>
/// <param name="Picture">It, drawn.</param>
internal sealed record RaceFigures(RaceCampaignResult Result, RaceFailure? Failure, Interleaving? Picture);

/// <summary>What races came to, for a reader.</summary>
internal static class RaceReport
{
    /// <summary>What was done, and the verdict.</summary>
    internal static void Print(Printer printer, RaceCampaignResult result, string strategy, TimeSpan elapsed)
    {
        printer.Table(["race", "races", "schedules", "steps", "pruned"],
            [.. result.Tallies.Select(static t => new[]
            {
                t.Family, Number(t.Races), Number(t.Schedules), Number(t.Steps), Number(t.Pruned),
            })]);
        printer.Line();
        printer.Verdict(result.Verdict);
        printer.Line($"  machine  {result.Machine.Name} {result.Machine.Version}");
        printer.Line($"  strategy {strategy}");
        printer.Line($"  did      {result.Races} races, {result.Schedules} schedules, {result.Steps} steps, "
            + $"{result.Pruned} ways on left out that come to the same");
        printer.Line($"  time     {elapsed.TotalSeconds:0.0} s, {result.Schedules / Math.Max(elapsed.TotalSeconds, 0.001):0} schedules/s");
    }

    /// <summary>A failing interleaving: what broke, the picture, and the command that repeats it.</summary>
    internal static void Print(Printer printer, string machine, RaceFailure failure, Interleaving? picture, string replay)
    {
        var violation = failure.Violation;
        var verb = failure.Result.Verdict == Verdict.Violates ? "violated by" : "cannot be decided of";
        printer.Line();
        printer.Line($"{violation.Rule} {verb} {machine}");
        printer.Line($"  {Count(failure.Race)}, {failure.Result.Run.Preemptions} preemptions"
            + (failure.Original == failure.Race.Operations ? "" : $"; shrunk from {failure.Original} operations"));
        if (picture is not null)
            printer.Text(InterleavingText.Print(picture));
        var told = new StringBuilder();
        InterleavingText.Wrap(told, $"{violation.Subject}: expected {violation.Expected}, observed {violation.Observed}");
        printer.Text(told.ToString());
        printer.Line($"  source  {violation.Source}");
        printer.Line($"  replay  {replay}");
    }

    /// <summary>The command that repeats it.</summary>
    internal static string ReplayOf(Surroundings surroundings, string token, string? fault) =>
        $"{ReplayLine.Program(surroundings)} race{(fault is null ? "" : $" --fault {fault}")} --replay {token}";

    private static string Count(Race race) =>
        $"{race.Cpus.Sum(static c => c.Length)} operations on {race.Cpus.Length} cpus after {race.Prefix.Length}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
