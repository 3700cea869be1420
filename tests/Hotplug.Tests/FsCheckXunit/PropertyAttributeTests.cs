using System.Text.RegularExpressions;
using FsCheck.Xunit;
using Xunit;
using Xunit.Sdk;

[assembly: Properties(QuietOnSuccess = true)]

namespace Hotplug.Tests.FsCheckXunit;

public sealed class PropertyAttributeTests
{
    [Theory]
    [InlineData(nameof(Specimens.Results.Returns_nothing))]
    [InlineData(nameof(Specimens.Results.Returns_a_property))]
    [InlineData(nameof(Specimens.Results.Returns_a_task))]
    [InlineData(nameof(Specimens.Results.Is_static))]
    public async Task A_property_that_holds_passes(string method) =>
        Assert.True((await PropertyRun.Of(typeof(Specimens.Results), method)).Passed);

    [Theory]
    [InlineData(nameof(Specimens.Results.Returns_false))]
    [InlineData(nameof(Specimens.Results.Returns_a_labelled_failure))]
    [InlineData(nameof(Specimens.Results.Returns_a_task_of_bool))]
    [InlineData(nameof(Specimens.Results.Throws))]
    public async Task A_property_that_does_not_hold_fails_with_its_seeds(string method)
    {
        var run = await PropertyRun.Of(typeof(Specimens.Results), method);
        Assert.False(run.Passed);
        Assert.Matches(@"Falsifiable, after \d+ tests? \(\d+ shrinks?\) \(\d+,\d+\)", run.Message);
    }

    [Fact]
    public async Task A_failure_carries_the_label_and_what_was_thrown()
    {
        Assert.Contains("Label of failing property: far below", (await PropertyRun.Of(
            typeof(Specimens.Results), nameof(Specimens.Results.Returns_a_labelled_failure))).Message);
        Assert.Contains("three",
            (await PropertyRun.Of(typeof(Specimens.Results), nameof(Specimens.Results.Throws))).Message);
    }

    [Fact]
    public async Task A_property_that_rejects_every_case_fails()
    {
        var run = await PropertyRun.Of(typeof(Specimens.Results), nameof(Specimens.Results.Rejects_everything));
        Assert.False(run.Passed);
        Assert.Contains("Arguments exhausted after 0 tests", run.Message);
    }

    [Fact]
    public async Task A_replay_fails_twice_with_the_same_text()
    {
        var first = await PropertyRun.Of(typeof(Specimens.Numbers), nameof(Specimens.Numbers.Fails_from_a_seed));
        var second = await PropertyRun.Of(typeof(Specimens.Numbers), nameof(Specimens.Numbers.Fails_from_a_seed));
        Assert.Matches(new Regex(@"Shrunk:\r?\n\[\|"), first.Message);
        Assert.Contains("(10973020934,10000000019)", first.Message);
        Assert.Equal(first.Message, second.Message);
    }

    [Fact]
    public async Task MaxTest_is_the_number_of_cases() => Assert.Contains("passed 7 tests",
        (await PropertyRun.Of(typeof(Specimens.Numbers), nameof(Specimens.Numbers.Seven_cases))).Output);

    [Fact]
    public async Task Verbose_writes_every_argument()
    {
        var run = await PropertyRun.Of(typeof(Specimens.Numbers), nameof(Specimens.Numbers.Loud));
        Assert.Contains("0:", run.Output);
        Assert.Contains("1:", run.Output);
    }

    [Fact]
    public async Task A_timeout_ends_the_property()
    {
        var run = await PropertyRun.Of(typeof(Specimens.Numbers), nameof(Specimens.Numbers.Never_ends));
        Assert.Contains(new TestTimeoutException(1).Message, run.Message);
    }

    [Fact]
    public async Task Settings_of_the_method_win_over_those_of_the_class()
    {
        Assert.True((await PropertyRun.Of(typeof(Specimens.Outer), nameof(Specimens.Outer.Takes_three))).Passed);
        Assert.Contains("passed 13 tests",
            (await PropertyRun.Of(typeof(Specimens.Outer.Inner), nameof(Specimens.Outer.Inner.Thirteen_cases))).Output);
    }

    [Fact]
    public async Task Settings_of_a_nested_class_win_over_those_around_it_and_the_rest_is_inherited()
    {
        var run = await PropertyRun.Of(typeof(Specimens.Outer.Inner), nameof(Specimens.Outer.Inner.Takes_four));
        Assert.True(run.Passed);
        Assert.Contains("passed 11 tests", run.Output);
    }

    [Fact]
    public async Task Settings_of_the_class_win_over_those_of_the_assembly()
    {
        Assert.Contains("passed 11 tests",
            (await PropertyRun.Of(typeof(Specimens.Outer), nameof(Specimens.Outer.Takes_five))).Output);
        Assert.Empty(
            (await PropertyRun.Of(typeof(Specimens.Results), nameof(Specimens.Results.Returns_nothing))).Output);
    }

    [Fact]
    public async Task All_cases_share_one_instance_that_xunit_builds_and_disposes_of()
    {
        var log = new List<string>();
        var run = await PropertyRun.Of(typeof(Specimens.Lifetime), nameof(Specimens.Lifetime.Logs),
            new TestOutputHelper(), log);
        Assert.True(run.Passed);
        Assert.Equal(["initialize", "case", "case", "case"], log[..4]);
        Assert.Equal("dispose", log[^1]);
        Assert.Contains("case", run.Output);
    }

    [Fact]
    public void Unset_numbers_read_as_minus_one()
    {
        var attribute = new PropertyAttribute();
        Assert.Equal(-1, attribute.MaxTest);
        Assert.Equal(-1, attribute.MaxRejected);
        Assert.Equal(-1, attribute.StartSize);
        Assert.Equal(-1, attribute.EndSize);
        Assert.Equal(-1, attribute.Parallelism);
        Assert.Null(attribute.Replay);
        Assert.Empty(attribute.Arbitrary);
        Assert.False(attribute.Verbose || attribute.QuietOnSuccess);
    }

    [Property(MaxTest = 20)]
    public bool The_runner_finds_properties_by_itself(int left, int right) => left + (long)right == right + (long)left;
}
