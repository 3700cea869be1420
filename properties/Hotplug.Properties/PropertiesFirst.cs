using Xunit.Abstractions;
using Xunit.Sdk;

namespace Hotplug.Properties;

/// <summary>
/// What takes no arguments first: what holds of everything drawn breaks sooner than one named case, and whoever only
/// wants to know whether anything breaks need not wait for the rest.
/// </summary>
public sealed class PropertiesFirst : ITestCaseOrderer
{
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase => testCases.OrderBy(static c => c.TestMethodArguments is { Length: > 0 });
}
