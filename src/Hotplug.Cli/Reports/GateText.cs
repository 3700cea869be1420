using Hotplug.Cli.Input;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Reports;

/// <summary>What a gate did, for a reader: everything but the failure, which follows.</summary>
internal static class GateText
{
    internal static void Print(Printer printer, GateReport report)
    {
        var result = report.Result;
        // A gate that fails ends early: what it covered until then says little, and stands in the JSON report.
        if (result.Failure is null)
        {
            PrintOperations(printer, report);
            PrintFaults(printer, report);
            PrintFamilies(printer, report);
        }

        if (report.Live is { } live)
            LiveFiguresText.Print(printer, live);
        PrintKept(printer, report);
        PrintMissed(printer, report);
        printer.Verdict(report.Verdict, report.Verdict == Verdict.Violates
            ? "" : $" at levels {LevelsText.Print(report.Levels)}");
        Field(printer, "machine", $"{result.Machine.Name} {result.Machine.Version}");
        Field(printer, "seed", Seed.Print(result.Seed));
        Field(printer, "did", $"{result.Sequences} sequences, {result.Operations} operations, "
            + $"{report.Evaluations} evaluations of {result.Shares.Length} invariants");
        Field(printer, "time", $"{report.Elapsed.TotalSeconds:0.0} s, {report.OperationsPerSecond:0} operations/s"
            + (report.Live is null ? "" : $", {report.SequencesPerSecond:0.00} sequences/s"));
        if (report.Races?.Result is { } races)
            Field(printer, "races", $"{races.Races} races, {races.Schedules} schedules with at most "
                + $"{Commands.GateRaces.MostPreemptions} preemption, {races.Steps} steps");
        if (report.Verdict == Verdict.Conforms && result.Incidence.Sequences > 0)
            Field(printer, "rest", Rest(result.Incidence));
        if (!report.Floors.IsEmpty && result.Failure is null)
            Field(printer, "floors", $"{report.Floors.Length - report.Missed.Count()} reached of {report.Floors.Length} declared"
                + (report.JudgesFloors ? "" : $", in proportion; they are judged from {report.Choice.Target.Terms.FloorsFrom} sequences on"));
        if (report.Interrupted)
            Field(printer, "note", $"interrupted: {report.Budget} were asked for");
        foreach (var line in result.Repeated)
            Field(printer, "note", $"run again, and conformed then: {line}");
        foreach (var (defect, count) in result.DeviationsMet)
            Field(printer, "known", $"{defect} met {count} times");
    }

    private static string Rest(Incidence incidence)
    {
        var most = incidence.MostNewPerSequence;
        return $"{incidence.Met} behaviours (operation and answer) met; " + (most >= 1
            ? $"the next sequence shows {most:0.0} new ones at most (95 %)"
            : $"at most 1 of {Math.Floor(1 / most):0} further sequences shows a new one (95 %)");
    }

    private static void PrintOperations(Printer printer, GateReport report)
    {
        var rows = report.Result.Coverage.Entries
            .GroupBy(static e => e.Kind)
            .Select(static g => new[]
            {
                OperationTable.Of(g.Key).Word, g.Sum(static e => e.Count).ToString(),
                string.Join("  ", g.Select(static e => $"{e.Answer} {e.Count}")),
            }).ToArray();
        if (rows.Length > 0)
            printer.Table(["operation", "count", "answers"], rows);
        var never = report.NeverOk.Select(static f => f.Word).ToArray();
        if (never.Length > 0)
            printer.Line($"  never ok: {string.Join(", ", never)}");
    }

    // Every k-th step of the kind was made to fail, in every operation of the sequences that were chosen for it.
    private static void PrintFaults(Printer printer, GateReport report)
    {
        if (report.Result.Faults.IsEmpty)
            return;
        printer.Line();
        printer.Table(["every fault point of", "struck", "by kind of step, and the most of one operation"],
        [
            .. report.Result.Faults.GroupBy(static p => p.Operation).Select(static g => new[]
            {
                OperationTable.Of(g.Key).Word, g.Sum(static p => p.Struck).ToString(),
                string.Join("  ", g.Select(static p => $"{Words.Of(p.Point)} {p.Struck} (1..{p.Most})")),
            }),
        ]);
    }

    private static void PrintMissed(Printer printer, GateReport report)
    {
        if (!report.JudgesFloors || !report.Missed.Any())
            return;
        printer.Table(["floor not reached", "reached", "at least"],
        [
            .. report.Missed.Select(static f => new[]
            {
                f.Floor.ToString(), f.Count.ToString(), f.Floor.Least.ToString(),
            }),
        ]);
        printer.Line("  The machine broke no rule, but too little was asked of it: an arm of the generator was lost, or the machine");
        printer.Line("  refuses what it should do. If the change is meant, say so in generators/Hotplug.Generators/Floors/floors.txt.");
        printer.Line();
    }

    private static void PrintFamilies(Printer printer, GateReport report)
    {
        printer.Line();
        printer.Table(["family", "invariants", "evaluations", "share"],
        [
            .. report.Families.Select(f => new[]
            {
                Words.Of(f.Family), f.Invariants.ToString(), f.Evaluations.ToString(),
                $"{100.0 * f.Evaluations / Math.Max(report.Evaluations, 1):0.0} %",
            }),
        ]);
        var other = report.NotApplicable.Count();
        if (other > 0)
            printer.Line($"  not applicable to this machine: {other} invariants; 'describe ID' tells what each needs");
        printer.Line();
    }

    private static void PrintKept(Printer printer, GateReport report)
    {
        var result = report.Result;
        if (result.Replayed > 0)
            printer.Line($"  kept failures replayed: {result.Replayed}, pass now: {result.Passed.Length}");
        foreach (var line in result.NotReplayed)
            printer.Line($"  kept failure not replayed: {line}; correct or delete the file");
    }

    private static void Field(Printer printer, string name, string text) => printer.Line($"  {name,-8} {text}");
}
