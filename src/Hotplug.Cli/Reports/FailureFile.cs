using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Report;

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
        printer.Text(FailureReport.Print(failure, ReplayLine.For(surroundings, path)));
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
