using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.FsCheckXunit;

/// <summary>Properties that tests run by hand. xunit finds none of them: it looks at exported types only.</summary>
internal static class Specimens
{
    public static class Threes
    {
        public static Arbitrary<int> Int() => Gen.Constant(3).ToArbitrary();
    }

    public static class Fours
    {
        public static Arbitrary<int> Int() => Gen.Constant(4).ToArbitrary();
    }

    public static class Fives
    {
        public static Arbitrary<int> Int() => Gen.Constant(5).ToArbitrary();
    }

    public sealed class Results
    {
        [Property]
        public void Returns_nothing(int number) => _ = number;

        [Property]
        public void Throws(int number) => Assert.True(number < 3, "three");

        [Property]
        public bool Returns_false(bool value) => value && !value;

        [Property]
        public Property Returns_a_property(int number) => (number + 1 > number).Label("grows");

        [Property]
        public Property Returns_a_labelled_failure(int number) => (number < -1_000_000).Label("far below");

        [Property]
        public async Task<bool> Returns_a_task_of_bool(int number)
        {
            await Task.Yield();
            return number == int.MaxValue;
        }

        [Property]
        public async Task Returns_a_task(int number)
        {
            await Task.Yield();
            Assert.True(number < 0 || number >= 0);
        }

        [Property]
        public static bool Is_static(int number) => number - number == 0;

        [Property]
        public Property Rejects_everything(int number) => (number == 0).When(false);
    }

    public sealed class Numbers
    {
        [Property(MaxTest = 7, QuietOnSuccess = false)]
        public void Seven_cases(int number) => _ = number;

        [Property(MaxTest = 2, Verbose = true)]
        public void Loud(bool value) => _ = value;

        [Property(Replay = "10973020934, 10000000019")]
        public bool Fails_from_a_seed(int[] numbers) => numbers.Sum() < 20;

        [Property(Timeout = 1)]
        public Task Never_ends(int number) => new TaskCompletionSource<int>(number).Task;
    }

    [Properties(Arbitrary = [typeof(Fives)], MaxTest = 11, QuietOnSuccess = false)]
    public sealed class Outer
    {
        [Property]
        public bool Takes_five(int number) => number == 5;

        [Property(Arbitrary = [typeof(Threes)])]
        public bool Takes_three(int number) => number == 3;

        [Properties(Arbitrary = [typeof(Fours)])]
        public sealed class Inner
        {
            [Property]
            public bool Takes_four(int number) => number == 4;

            [Property(MaxTest = 13)]
            public void Thirteen_cases(int number) => _ = number;
        }
    }

    public sealed class Lifetime(ITestOutputHelper output, List<string> log) : IAsyncLifetime, IDisposable
    {
        public Task InitializeAsync()
        {
            log.Add("initialize");
            return Task.CompletedTask;
        }

        [Property(MaxTest = 3)]
        public void Logs(bool value)
        {
            log.Add("case");
            output.WriteLine(value ? "a case" : "another case");
        }

        public Task DisposeAsync()
        {
            log.Add("dispose async");
            return Task.CompletedTask;
        }

        public void Dispose() => log.Add("dispose");
    }
}
