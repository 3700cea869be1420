using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Hotplug.Tests.FsCheckXunit;

/// <summary>
/// What our stand-in does better than the package, which ends the test host instead: not compiled when the package is
/// used.
/// </summary>
public sealed class StandInTests
{
    [Fact]
    public async Task A_malformed_replay_is_a_failed_test_that_states_the_form()
    {
        var run = await PropertyRun.Of(typeof(Wrong.Properties), nameof(Wrong.Properties.Has_a_malformed_replay));
        Assert.False(run.Passed);
        Assert.Contains("'12;13': the form is 'seed,gamma'", run.Message);
    }

    [Fact]
    public async Task A_generator_that_throws_is_a_failed_test_with_the_seed()
    {
        var run = await PropertyRun.Of(typeof(Wrong.Properties), nameof(Wrong.Properties.Has_a_generator_that_throws));
        Assert.False(run.Passed);
        Assert.Contains("Replay = \"(7,9)\"", run.Message);
        Assert.Contains("no numbers today", run.Message);
    }

    [Fact]
    public async Task A_class_without_arbitraries_is_a_failed_test()
    {
        var run = await PropertyRun.Of(typeof(Wrong.Properties), nameof(Wrong.Properties.Has_no_arbitraries));
        Assert.False(run.Passed);
        Assert.Contains("No instances found on type", run.Message);
    }

    private static class Wrong
    {
        public static class Throwing
        {
            public static Arbitrary<int> Int() => Gen.Choose(0, 1)
                .Select(static int (_) => throw new InvalidOperationException("no numbers today")).ToArbitrary();
        }

        public static class Empty;

        public sealed class Properties
        {
            [Property(Replay = "12;13")]
            public void Has_a_malformed_replay(int number) => _ = number;

            [Property(Replay = "7,9", Arbitrary = [typeof(Throwing)])]
            public void Has_a_generator_that_throws(int number) => _ = number;

            [Property(Arbitrary = [typeof(Empty)])]
            public void Has_no_arbitraries(int number) => _ = number;
        }
    }
}
