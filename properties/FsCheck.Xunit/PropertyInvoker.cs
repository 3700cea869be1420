using System.Reflection;
using Microsoft.FSharp.Core;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>
/// Calls a test method through FsCheck. Whatever goes wrong is a failed test, never an exception that leaves xunit.
/// </summary>
internal sealed class PropertyInvoker(ITestOutputHelper output, ITest test, IMessageBus messageBus, Type testClass,
    object[] constructorArguments, MethodInfo testMethod, IReadOnlyList<BeforeAfterTestAttribute> beforeAfterAttributes,
    ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    : XunitTestInvoker(test, messageBus, testClass, constructorArguments, testMethod, [], beforeAfterAttributes,
        aggregator, cancellationTokenSource)
{
    // Not CallTestMethod: the base class of this one compares the number of arguments with that of the parameters.
    protected override async Task<decimal> InvokeTestMethodAsync(object testClassInstance)
    {
        await Aggregator.RunAsync(() => Timer.AggregateAsync(() => WithinTimeout(testClassInstance)));
        return Timer.Total;
    }

    private async Task WithinTimeout(object instance)
    {
        // On the thread pool: FsCheck waits for a property's task, which may want to come back to xunit's own threads.
        var check = Task.Run(() => Check(instance));
        var timeout = ((IXunitTestCase)TestCase).Timeout;
        if (timeout > 0 && await Task.WhenAny(check, Task.Delay(timeout)) != check)
            throw new TestTimeoutException(timeout);
        await check;
    }

    private void Check(object? instance)
    {
        var runner = new ResultRunner(output);
        var config = PropertySettings.Of(TestMethod, TestClass).ToConfig(runner, out var replay);
        try
        {
            FsCheck.Check.Method(config, TestMethod, OptionModule.OfObj(instance));
        }
        catch (Exception thrown)
        {
            var cause = thrown is TargetInvocationException { InnerException: { } inner } ? inner : thrown;
            throw new PropertyFailedException(
                "A generator, a shrinker or the set-up of the property threw. Run again with "
                + $"Replay = \"{ReplayText.Print(replay)}\".", cause);
        }

        Report(runner.Result, config.QuietOnSuccess);
    }

    private void Report(TestResult? result, bool quiet)
    {
        switch (result)
        {
            case TestResult.Passed when quiet:
                break;
            case TestResult.Passed:
                output.WriteLine(Runner.onFinishedToString("", result).TrimEnd());
                break;
            case TestResult.Failed { Item4: Outcome.Failed why } failed:
                throw new PropertyFailedException(Environment.NewLine + Runner.onFailureToString("", failed.Item1,
                    failed.Item2, failed.Item3, failed.Item5, failed.Item6, failed.Item7), why.Item);
            case null:
                throw new PropertyFailedException("FsCheck finished without a result.");
            default:
                throw new PropertyFailedException(Environment.NewLine + Runner.onFinishedToString("", result));
        }
    }

    /// <summary>Keeps the result, and writes what FsCheck wants written.</summary>
    private sealed class ResultRunner(ITestOutputHelper output) : IRunner
    {
        internal TestResult? Result { get; private set; }

        public void OnStartFixture(Type t)
        {
        }

        public void OnArguments(int ntest, Microsoft.FSharp.Collections.FSharpList<object> args,
            FSharpFunc<int, FSharpFunc<Microsoft.FSharp.Collections.FSharpList<object>, string>> every) =>
            Write(every.Invoke(ntest).Invoke(args));

        public void OnShrink(Microsoft.FSharp.Collections.FSharpList<object> args,
            FSharpFunc<Microsoft.FSharp.Collections.FSharpList<object>, string> everyShrink) =>
            Write(everyShrink.Invoke(args));

        public void OnFinished(string name, TestResult testResult) => Result = testResult;

        private void Write(string text)
        {
            if (text.Length > 0)
                output.WriteLine(text.TrimEnd());
        }
    }
}
