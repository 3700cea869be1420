using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>Devices, balloons, resources and counters that are seen agree with the model.</summary>
internal static class DeviceCheck
{
    private static readonly Citation s_resource = new("v6.12", "mm/memory_hotplug.c", "register_memory_resource");
    private static readonly Citation s_plugged = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_run_wq");
    private static readonly Citation s_backed = new("v6.12", "drivers/hv/hv_balloon.c", "handle_pg_range");
    private static readonly Citation s_callback = new("v6.12", "mm/memory_hotplug.c", "set_online_page_callback");
    private static readonly Citation s_balloon = new("v6.12", "drivers/virtio/virtio_balloon.c", "update_balloon_size_func");
    private static readonly Citation s_poison = new("v6.12", "mm/memory-failure.c", "num_poisoned_pages_inc");

    public static Violation? Check(State next, Transition seen, in JudgedBefore judged) =>
        (judged.Devices ? null : CheckDevices(next, seen)) ?? CheckBalloon(next, seen) ?? CheckCallbacks(next, seen)
        ?? (judged.Resources ? null : CheckResources(next, seen)) ?? CheckPoison(next, seen);

    private static Violation? CheckDevices(State next, Transition seen)
    {
        if (!seen.After.Sees(Visibility.Devices))
            return null;
        foreach (var device in next.Devices)
            if (seen.After.Device(Name.Device(device.Id)) is not { } shown)
                return new("device.set", $"d{device.Id}", "it exists", "no such device", s_resource);
            else if (shown.Range != device.Range)
                return new("device.range", $"d{device.Id}", device.Range.ToString(), shown.Range.ToString(), s_resource);
            else if (shown.Owner != device.Driver)
                return new("device.owner", $"d{device.Id}", Words.Of(device.Driver), Words.Of(shown.Owner), s_resource);
            else if (device.Driver != CallbackOwner.Generic && seen.After.Sees(Visibility.Placement)
                && shown.PluggedPages != BackedOf(next, device))
                return new("callback.backed", $"d{device.Id}", $"{BackedOf(next, device)} pages backed", $"{shown.PluggedPages}", s_backed);
            else if (device.Driver == CallbackOwner.Generic && shown.PluggedPages != device.Range.Count
                && shown.PluggedPages != next.CountOwned(device.Id) * (long)seen.Spec.PagesPerBlock)
                return new("device.size", $"d{device.Id}", $"{device.Range.Count} pages, or those of its blocks that are left",
                    $"{shown.PluggedPages}", s_resource);
        foreach (ref readonly var shown in seen.After.Devices)
        {
            if (shown.Name.Kind == NameKind.Device && next.Device(shown.Name.Id) is null && !shown.InFlight)
                return new("device.set", shown.Name.ToString(), "no such device", "it exists", s_resource);
            if (shown.Name.Kind != NameKind.DeviceMemory || shown.InFlight)
                continue;
            var pages = next.DeviceMemories[shown.Name.Id - 1].Plugged * seen.Spec.DeviceMemories[shown.Name.Id - 1].SubBlockPages;
            if (shown.PluggedPages != pages)
                return new("device-memory.size", shown.Name.ToString(), $"{pages} pages plugged", $"{shown.PluggedPages}", s_plugged);
            if (CheckUnplugged(next, seen, shown) is { } wrong)
                return wrong;
        }

        return null;
    }

    private static long BackedOf(State next, in Device device)
    {
        long pages = 0;
        foreach (var block in next.Blocks)
            if (block.Owner == device.Id)
                pages += next.Backed.CountIn(block.Range);
        return pages;
    }

    // What is not plugged is PageOffline while its block is online.
    private static Violation? CheckUnplugged(State next, Transition seen, in DeviceObservation memory)
    {
        if (!seen.After.Sees(Visibility.PageTypes))
            return null;
        var id = memory.Name.Id;
        long used = 0, most = memory.PluggedPages;
        foreach (var block in next.Blocks)
        {
            if (block.Owner != -id || seen.After.Find(block.Number) is not { } shown)
                continue;
            if (shown.Pages.Pages == 0)
                return null;
            if (block.Online)
                used += shown.Pages.Pages - shown.Pages.Offline - seen.Deviations.OfflineLostOf(block.Number);
            else
                most -= PluggedIn(next.DeviceMemories[id - 1], seen, block);
        }

        return used <= most ? null
            : new("device-memory.unplugged-is-offline", memory.Name.ToString(),
                $"at most {most} pages that are not PageOffline, because no more are plugged", $"{used}", s_plugged);
    }

    // Plugged pages of an offline block. Where the map is not known it may be none: an emptied block stays when its
    // removal is refused.
    private static long PluggedIn(DeviceMemory memory, Transition seen, in Block block)
    {
        if (!memory.MapKnown)
            return 0;
        var size = seen.Spec.DeviceMemories[memory.Id - 1].SubBlockPages;
        var first = (seen.Spec.PagesOf(block.Number).Start - seen.Spec.RegionOf(memory.Id).Start) / size;
        return memory.CountPlugged(first, seen.Spec.PagesPerBlock / size) * size;
    }

    private static Violation? CheckBalloon(State next, Transition seen)
    {
        if (!seen.After.Sees(Visibility.Balloons))
            return null;
        foreach (ref readonly var known in next.Balloons.AsSpan())
            if (seen.After.Balloon(known.Driver) is { InFlight: false } shown && shown.Pages != known.Pages)
                return new("balloon.size", $"balloon {Words.Of(known.Driver)}", $"{known.Pages} pages", $"{shown.Pages}", s_balloon);
        return null;
    }

    private static Violation? CheckCallbacks(State next, Transition seen) =>
        !seen.After.Sees(Visibility.Callbacks) || seen.After.Callbacks == next.Callbacks ? null
            : new("callback.set", "callbacks that are set", next.Callbacks.ToString(), seen.After.Callbacks.ToString(), s_callback);

    // Neighbouring ranges may be merged (MHP_MERGE_RESOURCE): what they cover is compared, not how it is cut.
    private static Violation? CheckResources(State next, Transition seen)
    {
        if (!seen.After.Sees(Visibility.Resources))
            return null;
        foreach (var block in next.Blocks)
            if (block.Owner != 0 && !seen.InFlight(block.Number) && !Covered(seen.After.Resources, block.Range))
                return new("resource.covers-blocks", $"block {block.Number}", "a registered resource", "none", s_resource);
        foreach (ref readonly var resource in seen.After.Resources)
            for (var number = seen.Spec.BlockOf(resource.Start); number < seen.Spec.BlockOf(resource.End - 1) + 1; number++)
                if (next.Find(number) is null && !seen.InFlight(number))
                    return new("resource.only-blocks", $"block {number}", "no resource", $"resource {resource}", s_resource);
        return null;
    }

    private static bool Covered(ReadOnlySpan<PageRange> resources, PageRange range)
    {
        foreach (ref readonly var resource in resources)
            if (resource.Contains(range))
                return true;
        return false;
    }

    private static Violation? CheckPoison(State next, Transition seen)
    {
        if (!seen.After.Sees(Visibility.Counters) || seen.After.PoisonedPages < 0 || seen.After.DeviceInFlight)
            return null;
        var expected = next.PoisonBase + next.Poisoned.Length + seen.Deviations.PoisonedPages;
        return seen.After.PoisonedPages == expected ? null
            : new("poison.counter", "HardwareCorrupted", $"{expected} pages", $"{seen.After.PoisonedPages}", s_poison);
    }
}
