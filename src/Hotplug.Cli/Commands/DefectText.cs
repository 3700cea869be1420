using Hotplug.Adapters.Kernel;
using Hotplug.Cli.Terminal;

namespace Hotplug.Cli.Commands;

/// <summary>A declared defect of a real kernel, for a reader.</summary>
internal static class DefectText
{
    /// <summary>The kernels that have it: <c>6.1.0 to before 6.3.0</c>.</summary>
    internal static string Kernels(ExpectedDefect defect) =>
        defect.Until is { } until ? $"{defect.From} to before {until}" : $"{defect.From} and later";

    internal static void Print(Printer printer, ExpectedDefect defect)
    {
        printer.Heading(defect.Precondition);
        printer.Line($"  {defect.Reason}");
        printer.Line($"  kernels  {Kernels(defect)}");
        printer.Line($"  breaks   {defect.Rule}");
        foreach (var line in defect.Trace)
            printer.Line($"    {line}");
    }
}
