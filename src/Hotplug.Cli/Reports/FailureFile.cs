using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Explain;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Reports;

/// <summary>A failure as the reader gets it: the trace in a file, then the report that ends with the command that
/// replays it.</summary>
internal static class FailureFile
{
    /// <summary>Writes first, prints then: the command that is printed works.</summary>
    internal static void WriteAndPrint(Surroundings surroundings, Printer printer, string path, Failure failure,
        Choice choice)
    {
        var trace = choice.Note(failure.ToTrace());
        try
        {
            WholeFile.Write(surroundings, path, TraceText.Print(trace));
        }
        catch (UsageException refused)
        {
            // What was found must not be lost with the file: it is printed whole.
            surroundings.Error.WriteLine("error: " + refused.Message);
            printer.Text(TraceText.Print(trace));
        }

        WriteRecords(surroundings, printer, path, failure);
        printer.Line();
        printer.Text(FailureReport.Print(Explain(failure, choice), ReplayLine.For(surroundings, path)));
    }

    // A machine that hangs would hang again. What was not shrunk, or did not show again, has no reason to be told.
    private static Failure Explain(Failure failure, Choice choice)
    {
        if (!choice.Target.Terms.Explains || !failure.Reproduced || failure.IsFlaky || failure.Run.Verdict != Verdict.Violates
            || failure.Violation.Rule == EngineRules.Hang || failure.Run.Executed.Length > Explainer.MostOperations)
            return failure;
        using var machine = choice.Open();
        var runner = new Runner(machine, choice.SuiteFor(machine.Identity));
        return failure with { Explanation = new Explainer(runner).Explain(failure.Run) };
    }

    // What was seen, beside the trace: 'hotplug check' judges it again, without the machine.
    private static void WriteRecords(Surroundings surroundings, Printer printer, string path, Failure failure)
    {
        for (var i = 0; i < failure.Records.Length; i++)
        {
            var file = Path.ChangeExtension(path, i == 0 ? ".jsonl" : ".again.jsonl");
            try
            {
                WholeFile.Write(surroundings, file, failure.Records[i]);
                printer.Line($"  record   {file}");
            }
            catch (UsageException refused)
            {
                surroundings.Error.WriteLine("error: " + refused.Message);
            }
        }
    }
}
