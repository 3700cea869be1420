using System.Text;
using Hotplug.Adapters.Recording;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Recording;

public sealed class RecordingWriterTests
{
    [Fact]
    public void A_recording_reads_the_same_after_it_was_expanded_and_written_again()
    {
        var path = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests/Hotplug.Tests/Recordings"), "*.jsonl.gz",
            SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).First();
        var text = Contradictions.TextOf(path);
        var written = new StringWriter();
        var writer = new RecordingWriter(written);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            writer.Write(line);
        var before = Read(text);
        var after = Read(written.ToString());
        Assert.Equal(before.Operations.ToArray(), after.Operations.ToArray());
        Assert.Equal(before.Steps.Select(static s => s.Outcome.Answer), after.Steps.Select(static s => s.Outcome.Answer));
    }

    [Fact]
    public void What_did_not_change_is_written_as_unchanged()
    {
        var written = new StringWriter();
        var writer = new RecordingWriter(written);
        writer.Write("""{"i":-1,"obs":{"nodes":"0|0|0","hp":{"40":"x","41":"y"}}}""");
        writer.Write("""{"i":0,"obs":{"nodes":"0|0|0","hp":{"40":"x","41":"z"}}}""");
        Assert.EndsWith("""{"i":0,"obs":{"nodes":"=","hp":{"40":"=","41":"z"}}}""" + "\n", written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_that_comes_back_is_written_whole()
    {
        var written = new StringWriter();
        var writer = new RecordingWriter(written);
        writer.Write("""{"i":0,"obs":{"hp":{"40":"x"}}}""");
        writer.Write("""{"i":1,"obs":{"hp":{}}}""");
        writer.Write("""{"i":2,"obs":{"hp":{"40":"x"}}}""");
        Assert.EndsWith("""{"i":2,"obs":{"hp":{"40":"x"}}}""" + "\n", written.ToString(), StringComparison.Ordinal);
    }

    private static RecordedRun Read(string text) =>
        RecordingFile.Read("test.jsonl", new MemoryStream(Encoding.UTF8.GetBytes(text)));
}
