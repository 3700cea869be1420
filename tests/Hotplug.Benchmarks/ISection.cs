namespace Hotplug.Benchmarks;

/// <summary>One group of speed claims, measured in one run so that its ratios hold on any machine.</summary>
internal interface ISection
{
    /// <summary>The word that selects it on the command line.</summary>
    string Word { get; }

    /// <summary>What it measures, in one line.</summary>
    string About { get; }

    /// <summary>Measures and prints.</summary>
    void Run(TextWriter output);
}
