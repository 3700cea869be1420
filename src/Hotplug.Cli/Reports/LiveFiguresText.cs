using Hotplug.Adapters.Qemu;
using Hotplug.Cli.Terminal;

namespace Hotplug.Cli.Reports;

/// <summary>Prints the figures of a live kernel; runs to confirm and to shrink a failure count in them too.</summary>
internal static class LiveFiguresText
{
    internal static void Print(Printer printer, LiveFigures figures)
    {
        printer.Table(["operation", "count", "median ms", "90 % ms"],
        [
            .. figures.Times.Select(static t => new[]
            {
                t.Operation, t.Count.ToString(), $"{t.MedianMs:0.0}", $"{t.NineTenthsMs:0.0}",
            }),
        ]);
        if (figures.FailedOfflines > 0)
            printer.Line($"  failed offlines: {figures.FailedOfflines}, with their cause named: {figures.NamedOfflines} "
                + $"({100.0 * figures.NamedOfflines / figures.FailedOfflines:0.0} %)");
        foreach (var (told, count) in figures.Unfinished.OrderByDescending(static u => u.Value))
            printer.Line($"  {count} × {told}");
        printer.Line();
    }
}
