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

        printer.Line();
        printer.Text(FailureReport.Print(failure, ReplayLine.For(surroundings, path)));
    }
}
