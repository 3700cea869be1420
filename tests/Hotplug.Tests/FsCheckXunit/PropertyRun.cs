using FsCheck.Xunit;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Hotplug.Tests.FsCheckXunit;

/// <summary>
/// Runs one method as xunit would, and keeps what xunit was told: also for properties that must fail.
/// </summary>
internal sealed record PropertyRun(bool Passed, string Message, string Output)
{
    internal static async Task<PropertyRun> Of(Type testClass, string method, params object[] constructorArguments)
    {
        var assembly = new TestAssembly(Reflector.Wrap(testClass.Assembly));
        var collection = new TestCollection(assembly, null, "specimens");
        var testMethod = new TestMethod(new TestClass(collection, Reflector.Wrap(testClass)),
            Reflector.Wrap(testClass.GetMethod(method)!));
        // The package implements the interface explicitly: hence the cast.
        var testCase = Assert.Single(((IXunitTestCaseDiscoverer)new PropertyDiscoverer(new NullMessageSink())).Discover(
            new DefaultOptions(), testMethod, null!));
        using var cancellation = new CancellationTokenSource();
        using var bus = new Listener();
        await testCase.RunAsync(
            new NullMessageSink(), bus, constructorArguments, new ExceptionAggregator(), cancellation);
        return bus.Run ?? throw new InvalidOperationException($"{method} ended without a result");
    }

    private sealed class DefaultOptions : ITestFrameworkDiscoveryOptions
    {
        public TValue GetValue<TValue>(string name) => default!;

        public void SetValue<TValue>(string name, TValue value)
        {
        }
    }

    private sealed class Listener : IMessageBus
    {
        internal PropertyRun? Run { get; private set; }

        public bool QueueMessage(IMessageSinkMessage message)
        {
            Run = message switch
            {
                ITestPassed passed => new PropertyRun(true, "", passed.Output),
                ITestFailed failed => new PropertyRun(false, string.Join('\n', failed.Messages), failed.Output),
                _ => Run,
            };
            return true;
        }

        public void Dispose()
        {
        }
    }
}
