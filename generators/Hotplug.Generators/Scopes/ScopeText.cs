using System.Collections.Immutable;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Explore;

namespace Hotplug.Generators.Scopes;

/// <summary>
/// Reads a scope that is written as a trace: every line an operation that is tried in every state. <c>{1,2}</c> stands
/// for each of what it lists.
/// </summary>
internal static class ScopeText
{
    private const char Open = '{';
    private const char Close = '}';

    internal static Scope Parse(string name, string covers, string text)
    {
        var lines = text.Split('\n').SelectMany(Expand);
        if (!TraceText.TryParse(string.Join('\n', [TraceText.Header, .. lines]), out var trace, out var error))
            throw new ArgumentException($"scope {name}: {error}", nameof(text));
        // In the order of their kinds: what was tried first is what a failure is shown by.
        return new Scope(name, covers, trace.Spec, [.. trace.Operations.OrderBy(static o => o.Kind)]);
    }

    private static IEnumerable<string> Expand(string line)
    {
        var open = line.IndexOf(Open);
        if (open < 0)
            return [line];
        var close = line.IndexOf(Close, open);
        return line[(open + 1)..close].Split(',')
            .SelectMany(choice => Expand(line[..open] + choice + line[(close + 1)..]));
    }
}
