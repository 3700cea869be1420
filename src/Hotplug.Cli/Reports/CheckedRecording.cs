using System.Collections.Immutable;
using Hotplug.Adapters.Recording;
using Hotplug.Cli.Input;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;

namespace Hotplug.Cli.Reports;

/// <summary>What came of one recording.</summary>
/// <param name="File">Its file, as it was named.</param>
internal sealed record CheckedRecording(string File)
{
    /// <summary>The recording; null if it cannot be read.</summary>
    internal RecordedRun? Recording { get; private init; }

    /// <summary>Why it cannot be read: one line; null otherwise.</summary>
    internal string? Error { get; private init; }

    /// <summary>How it was judged; null if it cannot be read.</summary>
    internal RunResult? Result { get; private init; }

    /// <summary>Declared deviations that were met, by defect.</summary>
    internal ImmutableSortedDictionary<string, long> Declared { get; private init; } =
        ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>The machine's configuration in a few words: recordings of equal words are counted together.</summary>
    internal string Configuration => Recording is not { } recording ? "" : string.Join(' ', WordsOf(recording.Spec));

    /// <summary>Line of the recording where the run ended; 0 for none.</summary>
    internal int Line => Recording is { } recording && Result is { FailedAt: >= 0 } result
        ? recording.Steps[result.FailedAt].Line : 0;

    /// <summary>Reads and judges it. Never throws for what stands in the file.</summary>
    internal static CheckedRecording Judge(Surroundings surroundings, string file)
    {
        try
        {
            var recording = Readable.Open(file, () => RecordingFile.Read(surroundings.Resolve(file)));
            using var machine = new RecordingMachine(recording);
            var runner = new Runner(machine, Judges.SuiteFor(recording.Kernel));
            return new CheckedRecording(file)
            {
                Recording = recording,
                Result = runner.Run(recording.Spec, new TraceSource(recording.Operations), recording.Steps.Length),
                Declared = runner.DeviationsMet.ToImmutableSortedDictionary(),
            };
        }
        catch (RecordingFormatException malformed)
        {
            return new CheckedRecording(file) { Error = malformed.Message };
        }
        catch (UsageException refused)
        {
            return new CheckedRecording(file) { Error = refused.Message };
        }
    }

    private static IEnumerable<string> WordsOf(MachineSpec spec)
    {
        yield return $"memmap-on-memory={Contract.Words.Of(spec.MemmapOnMemory)}";
        yield return spec.Nodes > 1 ? "numa" : "flat";
        if (spec.Balloons.Any(static b => b is { Driver: BalloonDriver.Virtio, DeflateOnOom: true }))
            yield return "deflate-on-oom";
        if (spec.AutoMovable)
            yield return "auto-movable";
    }
}
