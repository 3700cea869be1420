using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>Refuses what cannot be read at all, before anybody judges what it means.</summary>
internal static class Garbage
{
    /// <summary>The first thing that cannot be, or null.</summary>
    internal static Violation? Find(Transition seen)
    {
        if (!seen.IsStart && FindInOutcome(seen) is { } outcome)
            return outcome;
        var pagesPerBlock = seen.Spec.PagesPerBlock;
        foreach (ref readonly var change in seen.Changed)
        {
            if (change.After is not { } block)
                continue;
            if (block.Pages.IsMalformed || (block.Pages.Pages != pagesPerBlock && block.Pages.Pages != 0))
                return EngineRules.GarbageOf($"block {block.Block}",
                    $"runs of 1 page and more that cover {pagesPerBlock} pages, or none", $"{block.Pages.Pages} pages");
            if (block.State > BlockState.GoingOffline)
                return EngineRules.GarbageOf($"block {block.Block}", "a state of a memory block",
                    $"state {(int)block.State}");
        }

        var after = seen.After;
        return (after.Zones.IsEmpty ? null : FindInZones(after)) ?? (after.Devices.IsEmpty ? null : FindInDevices(after));
    }

    private static Violation? FindInOutcome(Transition seen)
    {
        var answer = seen.Outcome.Answer;
        if (answer.Completion is Completion.Unbound or > Completion.Rejected
            || answer.Errno is < Errno.None or > (Errno)ErrnoText.Largest)
            return EngineRules.GarbageOf("the answer", "ok, an errno from 1 to 4095, unfinished, pending or rejected",
                answer.ToString());
        if (seen.Operation.Subject.Kind != NameKind.Device || seen.Operation.Kind != OperationKind.Add || !answer.IsOk)
            return null;
        foreach (ref readonly var witness in seen.Outcome.Witness)
            if (witness.Role == WitnessRole.Placed && witness.Range.Count > 0
                && witness.Range.Start % seen.Spec.PagesPerBlock == 0 && witness.Range.Count % seen.Spec.PagesPerBlock == 0)
                return null;
        return EngineRules.GarbageOf("the witness of add", "where the device was placed: whole memory blocks",
            "no such range");
    }

    private static Violation? FindInZones(Observation after)
    {
        var zones = after.Zones;
        for (var i = 0; i < zones.Length; i++)
        {
            ref readonly var zone = ref zones[i];
            if ((zone.Start | zone.Spanned | zone.Present | zone.Free) < 0)
                return EngineRules.GarbageOf(zone.Id.ToString(), "start, span, present and free pages of 0 and more",
                    $"start {zone.Start}, spanned {zone.Spanned}, present {zone.Present}, free {zone.Free}");
            for (var j = 0; j < i; j++)
                if (zones[j].Id == zone.Id)
                    return EngineRules.GarbageOf(zone.Id.ToString(), "listed once", "listed twice");
        }

        return null;
    }

    private static Violation? FindInDevices(Observation after)
    {
        var devices = after.Devices;
        for (var i = 0; i < devices.Length; i++)
        {
            if ((devices[i].PluggedPages | devices[i].Range.Count) < 0)
                return EngineRules.GarbageOf($"device {devices[i].Name}", "sizes of 0 and more",
                    $"{devices[i].PluggedPages} of {devices[i].Range.Count} pages");
            for (var j = 0; j < i; j++)
                if (devices[j].Name == devices[i].Name)
                    return EngineRules.GarbageOf($"device {devices[i].Name}", "listed once", "listed twice");
        }

        return null;
    }
}
