using Hotplug.Contract;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Hotplug.Generators.Races;
using Xunit;

namespace Hotplug.Tests.Schedules;

public class RaceTokenTests
{
    private const int Longest = 300;

    [Fact]
    public void Every_race_of_every_family_reads_back_from_its_token_and_from_its_text()
    {
        var random = new SplitMix(6);
        foreach (var family in RaceFamilies.All)
            for (var i = 0; i < 50; i++)
            {
                var race = family.Draw(ref random);
                var schedule = new Schedule([new Switch(3, 1), new Switch(4, 0), new Switch(200, 7)]);

                var token = RaceToken.Print(race, schedule);

                Assert.True(RaceToken.TryParse(token, out var read, out var readSchedule, out var error), error);
                Assert.Equal(RaceText.Print(race), RaceText.Print(read));
                Assert.Equal(schedule, readSchedule);
                Assert.True(RaceText.TryParse(RaceText.Print(race), out var again, out _));
                Assert.Equal(token, RaceToken.Print(again, schedule));
                Assert.True(token.Length <= Longest, token);
            }
    }

    [Theory]
    [InlineData("", "a token begins with 'race1:'")]
    [InlineData("race2:AAAA", "a token begins with 'race1:'")]
    [InlineData("race1:A+/A", "letters, digits, '-' and '_' only")]
    [InlineData("race1:", "cut short")]
    [InlineData("race1:AgICAgIC", "cut short")]
    [InlineData("race1:AgAC", "page-bytes=1: allowed is")]
    public void What_is_no_token_is_refused_in_words(string token, string why)
    {
        Assert.False(RaceToken.TryParse(token, out _, out _, out var error));
        Assert.Contains(why, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_was_damaged_is_refused_or_another_race_and_never_throws()
    {
        var random = new SplitMix(7);
        var token = RaceToken.Print(RaceFamilies.All[0].Plain, new Schedule([new Switch(3, 1)]));
        for (var i = 0; i < 5_000; i++)
        {
            var letters = token.ToCharArray();
            letters[6 + random.Below(letters.Length - 6)] = (char)('A' + random.Below(26));
            var damaged = new string(letters)[..(6 + random.Below(letters.Length - 5))];
            Assert.True(RaceToken.TryParse(damaged, out _, out _, out var error) || error.Length > 0);
        }
    }
}
