using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Wire;
using Hotplug.Generators.Arbitraries;
using Xunit;

namespace Hotplug.Tests.Wire;

public sealed class CodecTests
{
    private const int Rounds = 300;

    private readonly RequestReader _requests = new();
    private readonly ReplyReader _replies = new();

    [Property(MaxTest = 500)]
    public Property Every_operation_reads_back_from_its_request() =>
        Prop.ForAll(ContractArbitraries.Operations(), operation =>
    {
        var range = operation.Amount % 2 == 0 ? default : new PageRange(640, 16);
        var target = new Target(range, operation.At.Kind == NameKind.None ? -1 : 77);
        var writer = new RequestWriter();
        writer.Execute(operation, target);
        var expected = new WireRequest(WireRequestKind.Execute) { Operation = operation, Target = target };
        return _requests.Read(LineOf(writer.Lines)) == expected;
    });

    [Property(MaxTest = 300)]
    public Property Every_spec_reads_back_from_its_request() => Prop.ForAll(ContractArbitraries.Specs(), spec =>
    {
        var writer = new RequestWriter();
        writer.Reset(spec);
        return SpecText.Print(_requests.Read(LineOf(writer.Lines))!.Value.Spec!) == SpecText.Print(spec);
    });

    [Fact]
    public void Requests_without_fields_read_back()
    {
        var writer = new RequestWriter();
        writer.Hello();
        writer.Observe(whole: false);
        writer.Bye();
        var lines = Encoding.UTF8.GetString(writer.Lines.Span).Split('\n');
        Assert.Equal("{\"hello\":{\"protocol\":1}}", lines[0]);
        Assert.Equal(new WireRequest(WireRequestKind.Hello) { Protocol = 1 },
            _requests.Read(Encoding.UTF8.GetBytes(lines[0])));
        Assert.Equal(new WireRequest(WireRequestKind.Observe), _requests.Read(Encoding.UTF8.GetBytes(lines[1])));
        Assert.Equal(new WireRequest(WireRequestKind.Bye), _requests.Read(Encoding.UTF8.GetBytes(lines[2])));
    }

    [Fact]
    public void Hello_reads_back()
    {
        var machine = new MachineIdentity("toy", "0.1", Levels.Core | Levels.Hwpoison, Visibility.All);
        var hello = new WireHello(1, machine, ["reset"]);
        var writer = new ReplyWriter();
        writer.Hello(hello);
        var read = _replies.ReadHello(LineOf(writer.Lines));
        Assert.Equal(hello.Machine, read.Machine);
        Assert.True(read.Can(WireProtocol.ResetCapability));
        Assert.False(read.Can(WireProtocol.ChangesCapability));
    }

    [Fact]
    public void Every_outcome_reads_back()
    {
        for (ulong seed = 0; seed < Rounds; seed++)
        {
            var random = new SplitMix(seed);
            var outcome = WireDraw.Outcome(ref random);
            var writer = new ReplyWriter();
            writer.Outcome(outcome);
            var read = new Hotplug.Contract.Machines.Outcome();
            _replies.ReadOutcome(LineOf(writer.Lines), read);
            Assert.Equal(outcome.Answer, read.Answer);
            Assert.Equal(outcome.Log, read.Log);
            Assert.True(outcome.Witness.SequenceEqual(read.Witness), $"witness of seed {seed}");
            Assert.True(outcome.Effects.SequenceEqual(read.Effects), $"effects of seed {seed}");
        }
    }

    [Fact]
    public void Every_observation_reads_back_whole()
    {
        var written = new Observation();
        var read = new Observation();
        long writtenStamp = 0, readStamp = 0;
        for (ulong seed = 0; seed < Rounds; seed++)
        {
            var random = new SplitMix(seed);
            WireDraw.Observe(ref random, written, ref writtenStamp);
            var writer = new ReplyWriter();
            writer.Observation(written, null);
            _replies.ReadObservation(LineOf(writer.Lines), WireDraw.Spec, read, ref readStamp);
            Assert.Equal(Print(written), Print(read));
        }
    }

    [Fact]
    public void What_changed_is_enough_to_follow_an_observation()
    {
        var written = new Observation();
        var read = new Observation();
        long writtenStamp = 0, readStamp = 0;
        for (ulong seed = 0; seed < Rounds; seed++)
        {
            var random = new SplitMix(seed);
            var before = written.Blocks.ToArray().ToDictionary(static b => b.Block, static b => b.Stamp);
            WireDraw.Observe(ref random, written, ref writtenStamp);
            var after = written.Blocks.ToArray().ToDictionary(static b => b.Block, static b => b.Stamp);
            int[] changed =
            [
                .. before.Keys.Union(after.Keys)
                    .Where(b => before.GetValueOrDefault(b, -1) != after.GetValueOrDefault(b, -1)).Order(),
            ];
            var writer = new ReplyWriter();
            writer.Observation(written, changed);
            _replies.ReadObservation(LineOf(writer.Lines), WireDraw.Spec, read, ref readStamp);
            Assert.Equal(Print(written), Print(read));
            Assert.Subset(changed.ToHashSet(), read.Touched!.ToHashSet());
        }
    }

    [Fact]
    public void A_block_that_is_sent_again_unchanged_keeps_its_stamp()
    {
        var random = new SplitMix(7);
        long writtenStamp = 0, readStamp = 0;
        var written = new Observation();
        var read = new Observation();
        WireDraw.Observe(ref random, written, ref writtenStamp);
        var writer = new ReplyWriter();
        writer.Observation(written, null);
        _replies.ReadObservation(LineOf(writer.Lines), WireDraw.Spec, read, ref readStamp);
        var stamps = read.Blocks.ToArray().Select(static b => b.Stamp).ToArray();
        _replies.ReadObservation(LineOf(writer.Lines), WireDraw.Spec, read, ref readStamp);
        Assert.Equal(stamps, read.Blocks.ToArray().Select(static b => b.Stamp));
        Assert.Empty(read.Touched!);
    }

    internal static ReadOnlySpan<byte> LineOf(ReadOnlyMemory<byte> lines) => lines.Span.TrimEnd((byte)'\n');

    // The writer's text is canonical: equal observations are equal texts.
    private static string Print(Observation observation)
    {
        var writer = new ReplyWriter();
        writer.Observation(observation, null);
        return Encoding.UTF8.GetString(writer.Lines.Span);
    }
}
