using System.Text;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Wire;
using Xunit;

namespace Hotplug.Tests.Wire;

/// <summary>What is not of the protocol is refused, with the place where it stands and what is allowed there.</summary>
public sealed class StrictnessTests
{
    private const string Block = "{\"block\":5,\"state\":\"online\",\"node\":0,\"zone\":\"normal\"";

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\"", "column 26: no JSON")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\"}} x", "text after the object")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\"}}{}", "text after the object")]
    [InlineData("[]", "the line: an array: allowed is an object")]
    [InlineData("{}", "names no reply; known: hello, reset")]
    [InlineData("{\"result\":{}}", "names no reply")]
    [InlineData("{\"reset\":{}}", "reset: expected 'outcome'")]
    [InlineData("{\"outcome\":{}}", "field 'answer' is missing")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"answer\":\"ok\"}}", "outcome.answer: is there twice")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"colour\":1}}",
        "outcome: unknown field 'colour'; known: answer, witness, effects, log")]
    [InlineData("{\"outcome\":{\"answer\":\"EWRONG\"}}",
        "outcome.answer: 'EWRONG': allowed is ok, an errno such as EBUSY")]
    [InlineData("{\"outcome\":{\"answer\":\"unbound\"}}", "'unbound': allowed is")]
    [InlineData("{\"outcome\":{\"answer\":7}}", "outcome.answer: 7: allowed is a string")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"witness\":[[\"placed\",1]]}}",
        "outcome.witness[0][1]: has too few items")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"witness\":[[\"placed\",1,2,3]]}}",
        "outcome.witness[0][3]: is one item too many")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"witness\":[[\"moved\",1,2]]}}",
        "outcome.witness[0][0]: 'moved': allowed is placed, taken")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"witness\":[[\"taken\",1.5,2]]}}",
        "outcome.witness[0][1]: 1.5: allowed is a whole number")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"witness\":[[\"taken\",-1,2]]}}",
        "outcome.witness[0][1]: -1: allowed is a whole number from 0")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\",\"effects\":[[\"isolated\",0,4,0,\"high\"]]}}",
        "outcome.effects[0][4]: 'high': allowed is none, dma")]
    [InlineData("{\"outcome\":{\"answer\":\"ok\"},\"reset\":{}}", "unknown field 'reset'")]
    public void A_wrong_outcome_is_refused_with_its_place(string line, string message) =>
        AssertRefused(message, () => new ReplyReader().ReadOutcome(Encoding.UTF8.GetBytes(line), new Outcome()));

    [Theory]
    [InlineData("{\"blocks\":[]}", "field 'whole' is missing")]
    [InlineData("{\"whole\":1,\"blocks\":[]}", "observation.whole: 1: allowed is true or false")]
    [InlineData("{\"whole\":true,\"blocks\":[" + Block + "},{\"block\":4}]}",
        "observation.blocks[1]: field 'state' is missing")]
    [InlineData("{\"whole\":true,\"blocks\":[" + Block + "}," + Block + "}]}",
        "block 5 after block 5: blocks are listed by ascending number")]
    [InlineData("{\"whole\":true,\"blocks\":[" + Block + ",\"pages\":[[15,1]]}]}",
        "15 pages: the runs of a block cover its 16 pages")]
    [InlineData("{\"whole\":true,\"blocks\":[" + Block + ",\"pages\":[[12,1],[5,1]]}]}",
        "observation.blocks[0].pages[1][0]: 5: allowed is a whole number from 1 to 4")]
    [InlineData("{\"whole\":true,\"blocks\":[" + Block + ",\"pages\":[[16,65536]]}]}",
        "observation.blocks[0].pages[0][1]: 65536: allowed is a whole number from 0 to 65535")]
    [InlineData("{\"whole\":true,\"blocks\":[],\"gone\":[1]}", "a whole observation has no 'gone'")]
    [InlineData("{\"whole\":false,\"blocks\":[],\"gone\":[1]}", "block 1 is gone, but it was not there before")]
    [InlineData("{\"whole\":true,\"blocks\":[],\"zones\":[{\"node\":0}]}",
        "observation.zones[0]: field 'zone' is missing")]
    [InlineData("{\"whole\":true,\"blocks\":[],\"devices\":[{\"device\":\"a1\"}]}",
        "observation.devices[0].device: 'a1': allowed is a device such as d1 or m1")]
    public void A_wrong_observation_is_refused_with_its_place(string fields, string message) =>
        AssertRefused(message, () =>
    {
        long stamp = 0;
        new ReplyReader()
            .ReadObservation(Encoding.UTF8.GetBytes($"{{\"observation\":{fields}}}"), WireDraw.Spec,
            new Observation(), ref stamp);
    });

    [Theory]
    [InlineData("{\"execute\":{\"operation\":\"dance d1\"}}", "execute.operation: column 1: unknown operation 'dance'")]
    [InlineData("{\"execute\":{\"operation\":\"add d1\"}}", "'add' needs pages=")]
    [InlineData("{\"execute\":{\"operation\":\"\"}}", "execute.operation: column 1: no operation")]
    [InlineData("{\"execute\":{\"operation\":\"tick seconds=1\",\"range\":5}}",
        "execute.range: 5: allowed is an array")]
    [InlineData("{\"reset\":{\"spec\":\"boot=0\"}}", "reset.spec: boot=0: allowed is a number from 1")]
    [InlineData("{\"reset\":{\"spec\":\"section=3\"}}", "section=3: allowed is a power of two")]
    [InlineData("{\"reset\":{\"spec\":\"size\"}}", "'size': the form is key=value")]
    [InlineData("{\"observe\":{}}", "field 'whole' is missing")]
    [InlineData("{\"bye\":{\"whole\":true}}", "unknown field 'whole'")]
    [InlineData("{\"bye\":{}} {}", "text after the object")]
    public void A_wrong_request_is_refused_with_its_place(string line, string message) =>
        AssertRefused(message, () => new RequestReader().Read(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void A_string_that_is_no_UTF_8_is_refused() => AssertRefused("a string that is no UTF-8",
        () => new ReplyReader().ReadOutcome([.. "{\"outcome\":{\"answer\":\""u8, 0xff, .. "\"}}"u8], new Outcome()));

    [Fact]
    public void A_request_of_an_unknown_name_is_none() => Assert.Null(new RequestReader().Read("{\"sing\":{}}"u8));

    [Fact]
    public void An_error_in_place_of_a_reply_keeps_its_code()
    {
        var line = "{\"error\":{\"code\":\"not-reset\",\"message\":\"later\"}}"u8.ToArray();
        var error = Assert.Throws<PeerErrorException>(() => new ReplyReader().ReadOutcome(line, new Outcome()));
        Assert.Equal(WireProtocol.NotResetError, error.Code);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused()
    {
        const string valid = "{\"observation\":{\"whole\":true,\"blocks\":[" + Block + ",\"pages\":[[16,1,3]]}]}}";
        for (ulong seed = 0; seed < 3_000; seed++)
        {
            var random = new SplitMix(seed);
            var line = Encoding.UTF8.GetBytes(valid);
            for (var changes = random.Between(1, 4); changes > 0; changes--)
                line[random.Below(line.Length)] = (byte)random.Below(256);
            long stamp = 0;
            var reader = new ReplyReader();
            var refused = Record.Exception(
                () => reader.ReadObservation(line, WireDraw.Spec, new Observation(), ref stamp));
            Assert.True(refused is null or WireException or PeerErrorException, $"seed {seed}: {refused}");
        }
    }

    private static void AssertRefused(string message, Action read) =>
        Assert.Contains(message, Assert.Throws<WireException>(read).Message);
}
