using System.Collections.Immutable;
using Hotplug.Adapters.Kernel;
using Hotplug.Adapters.Recording;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;
using Xunit;

namespace Hotplug.Tests.Recording;

/// <summary>
/// Real kernels are right, but for their declared defects: a model that refuses one of these is wrong.
/// </summary>
public sealed class BundledRecordingsTests
{
    [Fact]
    public void Every_bundled_recording_conforms()
    {
        var refused = new List<string>();
        foreach (var file in Bundled.Files)
        {
            var run = RecordingFile.Read(file);
            var result = Bundled.Judge(run);
            if (result.Verdict != Verdict.Conforms)
                refused.Add(Bundled.Describe(file, run, result));
        }

        Assert.Empty(refused);
    }

    [Fact]
    public void Every_operation_of_a_recording_is_judged()
    {
        foreach (var file in Bundled.Files)
        {
            var run = RecordingFile.Read(file);
            var result = Bundled.Judge(run);
            Assert.Equal(run.Steps.Length, result.Executed.Length);
            Assert.DoesNotContain(Answer.Unbound, result.Answers);
        }
    }

    [Fact]
    public void Without_the_declared_defects_the_recordings_that_show_one_are_refused()
    {
        var none = new ExpectedDefects(ImmutableArray<ExpectedDefect>.Empty);
        foreach (var file in Bundled.Files)
        {
            var run = RecordingFile.Read(file);
            _ = Bundled.Judge(run, ExpectedDefects.Bundled, out var met);
            var result = Bundled.Judge(run, none, out _);
            Assert.True(result.Verdict == (met.Count > 0 ? Verdict.Violates : Verdict.Conforms),
                $"{string.Join(", ", met)}: {Bundled.Describe(file, run, result)}");
        }
    }

    [Fact]
    public void They_show_both_kernels_every_configuration_and_both_views_of_pages()
    {
        var runs = Bundled.Files.Select(static f => (Folder: Path.GetFileName(Path.GetDirectoryName(f))!,
            Configuration: Path.GetFileName(f)[(Path.GetFileName(f).IndexOf('_') + 1)..])).ToArray();
        var folders = runs.Select(static r => r.Folder).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(["linux-6.1", "linux-6.1-host", "linux-6.1-steps", "linux-6.12", "linux-6.12-steps"], folders);
        Assert.Equal(10, runs.Select(static r => r.Configuration).Distinct().Count());
    }
}
