using Hotplug.Engine.Floors;
using Xunit;

namespace Hotplug.Tests.Floors;

public sealed class FloorTextTests
{
    [Fact]
    public void Pairs_of_what_and_how_often_follow_the_kind_or_a_word_that_they_share() =>
        Assert.Equal(
            [
                new Floor(FloorKind.Answer, "add ok", 100), new Floor(FloorKind.Answer, "add ENOMEM", 5),
                new Floor(FloorKind.Arm, "BlockArms.Add", 20),
            ],
            FloorText.Parse("# A comment\n\nanswer add  ok 100  ENOMEM 5\narm BlockArms.Add 20\n").AsEnumerable());

    [Fact]
    public void Answers_states_and_arguments_are_grouped_by_a_word() =>
        Assert.Equal([FloorKind.Answer, FloorKind.State, FloorKind.Argument], Enum.GetValues<FloorKind>().Where(FloorText.IsGrouped));

    [Theory]
    [InlineData("answer add ok 1\nanswers add ok 1", "line 2: 'answers': allowed is answer, state, argument, ")]
    [InlineData("answer add ok", "line 1: what must be reached and how often, in pairs")]
    [InlineData("arm", "line 1: what must be reached")]
    [InlineData("arm BlockArms.Add 0", "line 1: '0': allowed is a number from 1 on")]
    public void What_is_no_floor_is_named_with_its_line(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => FloorText.Parse(text)).Message);

    [Theory]
    [InlineData(60_000, 100)]
    [InlineData(90_000, 100)]
    [InlineData(30_000, 50)]
    [InlineData(500, 1)]
    public void Fewer_sequences_are_to_reach_less_in_proportion_and_everything_once(long sequences, long least) =>
        Assert.Equal(least, new Floor(FloorKind.Arm, "BlockArms.Add", 100).In(sequences, 60_000).Least);

    [Fact]
    public void A_floor_is_reached_by_everything_that_is_counted_for_it()
    {
        Floor[] floors = [new(FloorKind.Answer, "add ok", 3), new(FloorKind.State, "add ok", 1)];
        var shares = FloorJudge.Judge([.. floors],
            [new Reach(FloorKind.Answer, "add ok", 2), new Reach(FloorKind.Answer, "add ok", 1)]);
        Assert.Equal([new FloorShare(floors[0], 3), new FloorShare(floors[1], 0)], shares.AsEnumerable());
        Assert.Equal([true, false], shares.Select(static s => s.IsReached));
    }
}
