using System.ComponentModel;
using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>
/// A test case that checks one property. xunit keeps construction, fixtures, disposal and before-after attributes;
/// only the call of the method is FsCheck's.
/// </summary>
public sealed class PropertyTestCase : XunitTestCase
{
    /// <summary>For deserialisation by xunit.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Called by the deserialiser; xunit's own test cases mark it the same way", error: true)]
    public PropertyTestCase()
    {
    }

    /// <summary>A case for this method.</summary>
    public PropertyTestCase(IMessageSink diagnosticMessageSink, TestMethodDisplay defaultMethodDisplay,
        TestMethodDisplayOptions defaultMethodDisplayOptions, ITestMethod testMethod)
        : base(diagnosticMessageSink, defaultMethodDisplay, defaultMethodDisplayOptions, testMethod)
    {
    }

    /// <inheritdoc />
    public override Task<RunSummary> RunAsync(IMessageSink diagnosticMessageSink, IMessageBus messageBus,
        object[] constructorArguments, ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource) =>
        new CaseRunner(this, DisplayName, SkipReason, constructorArguments, messageBus, aggregator,
            cancellationTokenSource).RunAsync();

    private sealed class CaseRunner(IXunitTestCase testCase, string displayName, string skipReason,
        object[] constructorArguments, IMessageBus messageBus, ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource)
        : XunitTestCaseRunner(testCase, displayName, skipReason, constructorArguments, [], messageBus, aggregator,
            cancellationTokenSource)
    {
        protected override XunitTestRunner CreateTestRunner(ITest test, IMessageBus messageBus, Type testClass,
            object[] constructorArguments, MethodInfo testMethod, object[] testMethodArguments, string skipReason,
            IReadOnlyList<BeforeAfterTestAttribute> beforeAfterAttributes, ExceptionAggregator aggregator,
            CancellationTokenSource cancellationTokenSource) =>
            new TestRunner(test, messageBus, testClass, constructorArguments, testMethod, skipReason,
                beforeAfterAttributes, aggregator, cancellationTokenSource);
    }

    private sealed class TestRunner(ITest test, IMessageBus messageBus, Type testClass, object[] constructorArguments,
        MethodInfo testMethod, string skipReason, IReadOnlyList<BeforeAfterTestAttribute> beforeAfterAttributes,
        ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
        : XunitTestRunner(test, messageBus, testClass, constructorArguments, testMethod, [], skipReason,
            beforeAfterAttributes, aggregator, cancellationTokenSource)
    {
        protected override async Task<Tuple<decimal, string>> InvokeTestAsync(ExceptionAggregator aggregator)
        {
            // The test class's own output if its constructor takes one: the property writes to the same.
            var output = ConstructorArguments.OfType<TestOutputHelper>().FirstOrDefault()
                ?? ConstructorArguments.OfType<Func<TestOutputHelper>>().Select(static make => make()).FirstOrDefault()
                ?? new TestOutputHelper();
            output.Initialize(MessageBus, Test);
            var arguments = ConstructorArguments
                .Select(a => a is Func<TestOutputHelper> ? output : a).ToArray();
            var invoker = new PropertyInvoker(output, Test, MessageBus, TestClass, arguments, TestMethod,
                BeforeAfterAttributes, aggregator, CancellationTokenSource);
            var seconds = await invoker.RunAsync();
            var text = output.Output;
            output.Uninitialize();
            return Tuple.Create(seconds, text);
        }
    }
}
