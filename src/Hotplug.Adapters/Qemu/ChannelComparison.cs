using System.Text.Json.Nodes;
using Hotplug.Adapters.Recording;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// Compares the two channels of observation page by page: what the kernel says of its pages (/proc/kpageflags) and the
/// struct pages themselves, read from outside. They are not read at the same moment: what differs once is looked at
/// again.
/// </summary>
internal sealed class ChannelComparison(Dialect dialect)
{
    private const int MostLooks = 4;
    private const PageFlags Compared = PageFlags.Buddy | PageFlags.Offline | PageFlags.HwPoison | PageFlags.Vmemmap;

    /// <summary>Throws <see cref="HarnessException"/> naming a page on which they disagree.</summary>
    internal void Compare(AgentClient agent, Func<JsonObject> readFromHost)
    {
        for (var look = 1; ; look++)
        {
            var host = readFromHost();
            var blocks = new JsonArray([.. host.Select(static p => JsonValue.Create(int.Parse(p.Key)))]);
            var guest = agent.Ask("observe", new JsonObject { ["pages"] = blocks })["obs"]!["pages"]!.AsObject();
            if (FirstDifference(host, guest) is not { } difference)
                return;
            if (look == MostLooks)
                throw new HarnessException($"the two channels of observation disagree: {difference}");
        }
    }

    private string? FirstDifference(JsonObject host, JsonObject guest)
    {
        foreach (var (block, text) in host)
            if (guest[block] is { } other
                && FirstDifference(Read(text!, fromHost: true), Read(other, fromHost: false)) is { } difference)
                return $"block {block}, {difference}";
        return null;
    }

    private PageRuns Read(JsonNode text, bool fromHost)
    {
        var pages = new PageRuns();
        var problem = PageText.Read(text.GetValue<string>(), fromHost, dialect, pages);
        return problem is null ? pages : throw new HarnessException($"pages cannot be read: {problem}");
    }

    private static string? FirstDifference(PageRuns host, PageRuns guest)
    {
        foreach (ref readonly var run in host.Runs)
            for (var at = run.Start; at < run.End; at++)
            {
                var seen = guest.At(at);
                if ((seen.Flags & Compared) != (run.State.Flags & Compared))
                    return $"page {at}: from outside {run.State}, inside {seen}";
            }

        return null;
    }
}
