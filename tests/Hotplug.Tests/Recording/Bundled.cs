using System.Text;
using Hotplug.Adapters.Kernel;
using Hotplug.Adapters.Recording;
using Hotplug.Engine.Run;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Tests.Conventions;

namespace Hotplug.Tests.Recording;

/// <summary>The recordings that a clone carries along, and how they are judged.</summary>
internal static class Bundled
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "Hotplug.Tests", "Recordings");

    /// <summary>Their files, in ordinal order.</summary>
    public static IEnumerable<string> Files => Directory
        .EnumerateFiles(s_folder, "*.jsonl.gz", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>The one whose file name begins so.</summary>
    public static string File(string name) =>
        Files.Single(f => Path.GetFileName(f).StartsWith(name, StringComparison.Ordinal));

    /// <summary>Reads a recording from text.</summary>
    public static RecordedRun Parse(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return RecordingFile.Read("text.jsonl", stream);
    }

    /// <summary>Judges by the model, every invariant, and the defects that are declared for the kernel.</summary>
    public static RunResult Judge(RecordedRun run) => Judge(run, ExpectedDefects.Bundled, out _);

    /// <summary>
    /// As <see cref="Judge(RecordedRun)"/>, with a list of declared defects and the ones that were met.
    /// </summary>
    public static RunResult Judge(RecordedRun run, ExpectedDefects expected, out IReadOnlyCollection<string> met)
    {
        var suite = new Suite(new ReferenceModel(), Catalogue.All) { Defects = expected.For(run.Kernel) };
        using var machine = new RecordingMachine(run);
        var runner = new Runner(machine, suite);
        var result = runner.Run(run.Spec, new TraceSource(run.Operations), int.MaxValue);
        met = [.. runner.DeviationsMet.Keys];
        return result;
    }

    /// <summary>What a failed judgement says.</summary>
    public static string Describe(string file, RecordedRun run, RunResult result) =>
        $"{Path.GetFileName(file)} operation {result.FailedAt}"
        + (result.FailedAt < 0 ? "" : $" '{run.Operations[result.FailedAt]}' -> {result.Answers[result.FailedAt]}")
        + $": {result.Verdict} {result.Violation}";
}
