using Hotplug.Adapters.Recording;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Xunit;

namespace Hotplug.Tests.Recording;

public sealed class RecordingFileTests
{
    private static string[] Lines(string name) => Contradictions.TextOf(Bundled.File(name)).TrimEnd('\n').Split('\n');

    [Fact]
    public void The_header_becomes_the_spec()
    {
        var spec = RecordingFile.Read(Bundled.File("t61206_mom1_numa_auto")).Spec;
        Assert.Null(SpecRules.Check(spec));
        Assert.Equal((2, MemmapOnMemory.On, true, AutoOnline.Online, Dialect.Linux612),
            (spec.Nodes, spec.MemmapOnMemory, spec.AutoMovable, spec.AutoOnline, spec.Dialect));
    }

    [Fact]
    public void What_a_line_calls_unchanged_is_carried_over_and_keeps_its_stamp()
    {
        var run = RecordingFile.Read(Bundled.File("t31195_mom0_numa"));
        for (var i = 1; i < run.Steps.Length; i++)
            foreach (var block in run.Steps[i].State.Blocks)
            {
                var before = run.Steps[i - 1].State.Blocks.FirstOrDefault(b => b.Block == block.Block);
                if (before is null)
                    continue;
                var same = before.State == block.State && before.Node == block.Node && before.Zone == block.Zone
                    && before.OtherZone == block.OtherZone && before.Pages.SameAs(block.Pages);
                Assert.Equal(same, before.Stamp == block.Stamp);
            }
    }

    [Fact]
    public void A_line_cut_in_half_is_named_with_file_line_and_column()
    {
        var lines = Lines("t31195_mom0_numa");
        lines[4] = lines[4][..(lines[4].Length / 2)];
        var thrown = Assert.Throws<RecordingFormatException>(() => Bundled.Parse(string.Join('\n', lines[..5])));
        Assert.Equal((5, "text.jsonl"), (thrown.Line, thrown.File));
        Assert.InRange(thrown.Column, 2, lines[4].Length + 1);
        Assert.StartsWith("text.jsonl:5:", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"block\":", "\"blok\":", "the field 'block' is missing")]
    [InlineData("\"op\":\"state\"", "\"op\":\"stat\"", "unknown operation 'stat'")]
    [InlineData("\"rc\":", "\"rc\":-", "expected 0 to 4095")]
    public void A_wrong_field_is_named_with_its_place(string what, string by, string problem)
    {
        var lines = Lines("t31195_mom0_numa");
        var index = Array.FindIndex(lines, static l => l.Contains("\"op\":\"state\"", StringComparison.Ordinal)
            && !l.Contains("\"rc\":0", StringComparison.Ordinal));
        lines[index] = lines[index].Replace(what, by, StringComparison.Ordinal);
        var thrown = Assert.Throws<RecordingFormatException>(() => Bundled.Parse(string.Join('\n', lines)));
        Assert.Equal(index + 1, thrown.Line);
        Assert.Contains(problem, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("hello")]
    [InlineData("[1,2]")]
    [InlineData("{\"v\":2}")]
    public void What_is_no_recording_is_refused(string text)
    {
        Assert.Throws<RecordingFormatException>(() => Bundled.Parse(text));
    }

    [Fact]
    public void An_unknown_kernel_is_refused_by_name()
    {
        var lines = Lines("t31195_mom0_numa");
        lines[0] = lines[0].Replace("6.1.0-50", "5.10.0-1", StringComparison.Ordinal);
        var thrown = Assert.Throws<RecordingFormatException>(() => Bundled.Parse(string.Join('\n', lines)));
        Assert.Contains("5.10.0-1", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("linux-6.12", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_without_its_last_lines_is_read_up_to_there_and_noted()
    {
        var lines = Lines("t31195_mom0_numa");
        var run = Bundled.Parse(string.Join('\n', lines[..6]));
        Assert.Equal(4, run.Steps.Length);
        Assert.Contains("cut when the recorder stopped", Assert.Single(run.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_stays_in_flight_until_an_observation_shows_it_done()
    {
        var run = RecordingFile.Read(Bundled.File("t31024_mom1_flat"));
        var eject = Array.FindIndex([.. run.Steps],
            static s => s.Operation.Kind == OperationKind.Eject && s.Outcome.Answer == Answer.Pending);
        var device = run.Steps[eject].Operation.Subject;
        Assert.True(Shown(run.Steps[eject].State, device).InFlight);
        Assert.Contains(run.Steps[eject].State.Blocks, static b => b.State == BlockState.GoingOffline);
        Assert.False(Shown(run.Steps[eject + 2].State, device).InFlight);
    }

    [Fact]
    public void The_page_that_the_kernel_blames_becomes_a_witness()
    {
        var run = RecordingFile.Read(Bundled.File("t61508_momf_flat"));
        Assert.Contains(run.Steps, static s => s.Outcome.Answer == Answer.Of(Errno.EBUSY)
            && s.Outcome.Witness.Any(static w => w.Role == WitnessRole.Culprit));
    }

    [Fact]
    public void A_guest_that_ran_out_of_memory_is_judged_up_to_there_and_noted()
    {
        var run = RecordingFile.Read(Bundled.File("t31081_mom0_flat"));
        Assert.Null(run.Crash);
        Assert.Contains(run.Notes, static n => n.Contains("ran out of memory", StringComparison.Ordinal));
        Assert.Equal(Verdict.Conforms, Bundled.Judge(run).Verdict);
    }

    [Fact]
    public void A_guest_that_crashed_breaks_the_rule_against_crashes()
    {
        var text = Contradictions.TextOf(Bundled.File("t31081_mom0_flat"))
            .Replace("System is deadlocked on memory", "Fatal exception in interrupt", StringComparison.Ordinal);
        var result = Bundled.Judge(Bundled.Parse(text));
        Assert.Equal((Verdict.Violates, "machine.crash"), (result.Verdict, result.Violation!.Rule));
    }

    [Fact]
    public void A_warning_in_the_kernels_log_breaks_a_rule()
    {
        var text = Contradictions.TextOf(Bundled.File("t31195_mom0_numa"));
        var at = text.IndexOf("\"dmesg\":[", StringComparison.Ordinal) + "\"dmesg\":[".Length;
        var result = Bundled.Judge(Bundled.Parse(text.Insert(at,
            "\"WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1\"" + (text[at] == ']' ? "" : ","))));
        Assert.Equal((Verdict.Violates, "machine.no-warning"), (result.Verdict, result.Violation!.Rule));
    }

    private static DeviceObservation Shown(RecordedState state, Name device) =>
        state.Devices.Single(d => d.Name == device);
}
