using System.Globalization;
using Hotplug.Contract;
using Hotplug.Contract.Observations;

namespace Hotplug.Engine.Explain;

/// <summary>What can be seen of a machine, in the kernel's words; and what differs between two looks at it.</summary>
internal static class StateWords
{
    private const int MostRuns = 6;

    /// <summary>One line for everything that differs: before, then after.</summary>
    internal static IEnumerable<string> Difference(Observation before, Observation after)
    {
        var old = Lines(before).ToDictionary(static l => l.Subject, static l => l.Text);
        var now = Lines(after).ToDictionary(static l => l.Subject, static l => l.Text);
        foreach (var subject in old.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
        {
            var was = old.GetValueOrDefault(subject, "not there");
            var isNow = now.GetValueOrDefault(subject, "not there");
            if (was != isNow)
                yield return $"{subject}: {was} -> {isNow}";
        }
    }

    private static IEnumerable<(string Subject, string Text)> Lines(Observation seen)
    {
        foreach (var block in seen.Blocks.ToArray())
            yield return ($"memory{block.Block}", $"{Words.Of(block.State)}, zone {Words.Of(block.Zone)}{Pages(block)}");
        foreach (var zone in seen.Zones.ToArray())
            yield return ($"{zone.Id}", string.Create(CultureInfo.InvariantCulture,
                $"start {zone.Start} spanned {zone.Spanned} present {zone.Present} managed {zone.Managed} free {zone.Free}"));
        foreach (var device in seen.Devices.ToArray())
            yield return ($"device {device.Name}", string.Create(CultureInfo.InvariantCulture,
                $"{device.Range}, {device.PluggedPages} pages plugged, {device.RequestedPages} requested"));
        foreach (var balloon in seen.Balloons.ToArray())
            yield return ($"balloon {Words.Of(balloon.Driver)}", string.Create(CultureInfo.InvariantCulture,
                $"{balloon.Pages} pages of {balloon.TargetPages}"));
        foreach (var node in seen.Nodes.ToArray())
            yield return ($"node{node.Node}", (node.Online ? "online" : "offline")
                + (node.HasMemory ? ", has memory" : "") + (node.HasNormalMemory ? ", has normal memory" : ""));
        yield return ("MemTotal", string.Create(CultureInfo.InvariantCulture, $"{seen.ManagedTotal} pages"));
        yield return ("HardwareCorrupted", string.Create(CultureInfo.InvariantCulture, $"{seen.PoisonedPages} pages"));
        yield return ("memmap in other memory", string.Create(CultureInfo.InvariantCulture, $"{seen.BootMemmapPages} pages"));
        yield return ("/proc/iomem", string.Join(' ', seen.Resources.ToArray()));
    }

    private static string Pages(BlockObservation block)
    {
        if (!block.IsOnline || block.Pages.Pages == 0)
            return "";
        var runs = block.Pages.Runs.ToArray();
        return ", pages " + string.Join(", ", runs.Take(MostRuns).Select(static r =>
                string.Create(CultureInfo.InvariantCulture, $"[{r.Start},{r.End}) {r.State}")))
            + (runs.Length > MostRuns ? string.Create(CultureInfo.InvariantCulture, $" and {runs.Length - MostRuns} runs more") : "");
    }
}
