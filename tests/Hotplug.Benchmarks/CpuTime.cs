using System.Diagnostics;

namespace Hotplug.Benchmarks;

/// <summary>CPU time of this process: what a loaded machine disturbs least.</summary>
internal static class CpuTime
{
    /// <summary>CPU nanoseconds for each of the units that the work says it did.</summary>
    internal static double NanosecondsPerUnit(Func<long> work)
    {
        var before = Environment.CpuUsage.TotalTime;
        var units = work();
        return (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / units;
    }

    /// <summary>Wall milliseconds of one short piece of work: for medians over many, which load hardly moves.</summary>
    internal static double Milliseconds(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>The middle value.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
