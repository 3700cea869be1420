namespace Hotplug.Benchmarks;

/// <summary>
/// Measures several ways of doing the same, one after the other, round after round; the medians can be compared.
/// </summary>
internal sealed class AlternatingRounds(int warmUp, int rounds)
{
    private readonly List<(string What, Func<long> Work)> _ways = [];
    private readonly Dictionary<string, double> _medians = [];

    /// <summary>Adds a way; the work answers how many units it did.</summary>
    internal void Add(string what, Func<long> work) => _ways.Add((what, work));

    /// <summary>CPU nanoseconds for a unit.</summary>
    internal double this[string what] => _medians[what];

    /// <summary>Measures everything.</summary>
    internal void Measure()
    {
        var samples = _ways.ToDictionary(static w => w.What, static _ => new List<double>());
        for (var round = 0; round < warmUp + rounds; round++)
            foreach (var (what, work) in _ways)
            {
                var nanoseconds = CpuTime.NanosecondsPerUnit(work);
                if (round >= warmUp)
                    samples[what].Add(nanoseconds);
            }

        foreach (var (what, values) in samples)
            _medians[what] = CpuTime.Median(values);
    }
}
