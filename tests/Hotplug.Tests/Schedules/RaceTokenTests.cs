using System.Buffers.Text;
using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
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
    public void Every_operation_reads_back_whatever_its_arguments_are()
    {
        foreach (var form in OperationTable.Forms)
        {
            Operation[] plain = [.. Subjects(form.Subject).Select(subject => Plain(form, subject))];
            Demand([.. plain]);
            foreach (var parameter in form.Parameters)
                if (parameter.Field == OperationField.At)
                    Demand([.. s_places.Select(place => plain[0] with { At = place })]);
                else
                    foreach (var value in (long[])[parameter.Low, parameter.High, parameter.Default ?? parameter.Low,
                        (parameter.Low / 2) + (parameter.High / 2)])
                        Demand([OperationTable.With(plain[0], parameter.Field, value)]);
        }
    }

    [Fact]
    public void Every_schedule_reads_back()
    {
        var random = new SplitMix(8);
        for (var i = 0; i < 200; i++)
        {
            var step = 0;
            Switch[] switches = [.. Enumerable.Range(0, i % 7).Select(_ => new Switch(step += random.Below(1 << (i % 20)), random.Below(8)))];
            var token = RaceToken.Print(RaceFamilies.All[0].Plain, new Schedule([.. switches]));
            Assert.True(RaceToken.TryParse(token, out _, out var read, out var error), error);
            Assert.Equal(switches, read.Switches.AsEnumerable());
        }
    }

    [Fact]
    public void What_is_beyond_its_bounds_is_refused_in_words()
    {
        var tick = Operation.Tick(1);
        Assert.Contains("seconds=2147483648: allowed is a number from 1 to 2147483647", Refusal(Operation.Tick(int.MaxValue + 1L)), StringComparison.Ordinal);
        Assert.Contains("seconds=0: allowed is", Refusal(Operation.Tick(0)), StringComparison.Ordinal);
        Assert.Null(Refusal([.. Enumerable.Repeat(tick, 1_000)]));
        Assert.Contains("1001 for operations, at most 1000 are allowed", Refusal([.. Enumerable.Repeat(tick, 1_001)]), StringComparison.Ordinal);
        Assert.Contains("9 for cpus, at most 8 are allowed", Refusal(new Race(new MachineSpec(), [], [.. Enumerable.Repeat(ImmutableArray.Create(tick), 9)])), StringComparison.Ordinal);
        Assert.Null(Refusal(new Race(new MachineSpec(), [], [.. Enumerable.Repeat(ImmutableArray.Create(tick), 8)])));
        Assert.False(RaceToken.TryParse("race1:" + Base64Url.EncodeToString([.. Enumerable.Repeat((byte)0xff, 20)]), out _, out _, out var error));
        Assert.Contains("more than 64 bits", error, StringComparison.Ordinal);
        Assert.False(RaceToken.TryParse(RaceToken.Print(new Race(new MachineSpec() with { BootBlocks = 0 }, [], []), Schedule.Usual), out _, out _, out error));
        Assert.NotEmpty(error);
    }

    private static readonly Name[] s_places = [Name.Boot.WithBlock(0), Name.Device(70_000).WithBlock(9).WithPage(8), Name.RawBlock(5), Name.RawPage(1L << 40)];

    private static Name[] Subjects(SubjectKind kind) => kind switch
    {
        SubjectKind.None => [default],
        SubjectKind.NewDevice or SubjectKind.Device => [Name.Device(1), Name.Device(int.MaxValue)],
        SubjectKind.NewAllocation or SubjectKind.Allocation => [Name.Allocation(1), Name.Allocation(200)],
        SubjectKind.DeviceMemory => [Name.DeviceMemory(1), Name.DeviceMemory(3)],
        SubjectKind.Page => [Name.Boot.WithBlock(2).WithPage(0), Name.Allocation(3).WithPage(1L << 33), Name.RawPage(0)],
        _ => [Name.Device(2).WithBlock(0), Name.DeviceMemory(1).WithBlock(77), Name.RawBlock(4)],
    };

    private static Operation Plain(OperationForm form, Name subject)
    {
        var operation = new Operation { Kind = form.Kind, Subject = subject };
        foreach (var parameter in form.Parameters)
            if (parameter.Field != OperationField.At)
                operation = OperationTable.With(operation, parameter.Field, parameter.Default ?? parameter.Low);
        return operation;
    }

    private static void Demand(ImmutableArray<Operation> operations)
    {
        var token = RaceToken.Print(new Race(new MachineSpec(), operations, [operations, []]), Schedule.Usual);
        Assert.True(RaceToken.TryParse(token, out var read, out _, out var error), $"{operations[0]}: {error}");
        Assert.Equal(operations, read.Prefix.AsEnumerable());
        Assert.Equal(operations, read.Cpus[0].AsEnumerable());
        Assert.Empty(read.Cpus[1]);
    }

    private static string? Refusal(params ImmutableArray<Operation> operations) => Refusal(new Race(new MachineSpec(), operations, []));

    private static string? Refusal(Race race) =>
        RaceToken.TryParse(RaceToken.Print(race, Schedule.Usual), out _, out _, out var error) ? null : error;

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
