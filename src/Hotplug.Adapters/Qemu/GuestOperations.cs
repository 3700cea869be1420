using System.Text.Json.Nodes;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// How the operations of the contract are done to a guest, and how each is written into a recording. What user space of
/// this kernel has no way to ask for is not offered: it is rejected before the guest sees it.
/// </summary>
internal sealed class GuestOperations(GuestDriver driver, MachineSpec spec)
{
    private const long PageBytes = 4096, MiB = 1 << 20, SubBlockBytes = 2 * MiB;
    private const int HugeOrder = 9;
    private const string Injector = "/sys/kernel/debug/notifier-error-inject/memory/actions/";
    private const string Poisoner = "/sys/kernel/debug/hwpoison/";
    private const string Policies = "/sys/module/memory_hotplug/parameters/";
    private const string Memory = "/sys/devices/system/memory/";

    /// <summary>Boot memory that must stay free: less, and the guest kills its own processes.</summary>
    internal const long Reserve = 24_576;

    /// <summary>Does it. Null if it is not offered: then nothing was done.</summary>
    /// <param name="operation">What.</param>
    /// <param name="target">Where.</param>
    /// <param name="now">What is known of the guest at this moment.</param>
    /// <param name="op">Is filled with the operation in the words of a recording.</param>
    internal JsonObject? Do(in Operation operation, in Target target, in GuestNow now, JsonObject op)
    {
        if (driver.Ejecting is not null && WaitsForEjection(operation.Kind))
            return null;
        return operation.Kind switch
        {
            OperationKind.Add => Add(operation, target, op),
            OperationKind.Eject => Eject(operation, op),
            OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable or OperationKind.Offline
                or OperationKind.WriteState => WriteState(operation, target, op),
            OperationKind.WriteOnline => WriteOnline(operation, target, op),
            OperationKind.Policy => SetPolicy((PolicySetting)operation.Choice, op),
            OperationKind.Alloc => Allocate(operation, op),
            OperationKind.Free => OnAllocation("free", operation, op),
            OperationKind.Get => OnAllocation("pin", operation, op),
            OperationKind.Put => OnAllocation("unpin", operation, op),
            OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget =>
                SetBalloon(operation, now, op),
            OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize => Resize(operation, now, op),
            OperationKind.Poison => Poison("hwpoison", Poisoner + "corrupt-pfn", target, now, op),
            OperationKind.Unpoison => Poison("unpoison", Poisoner + "unpoison-pfn", target, now, op),
            OperationKind.SoftOffline => Poison("soft", Memory + "soft_offline_page", target, now, op),
            OperationKind.HardOffline => Poison("hard", Memory + "hard_offline_page", target, now, op),
            OperationKind.NotifierError => SetNotifierError(operation, op),
            OperationKind.Tick => Wait(op),
            _ => null,
        };
    }

    // device_hotplug_lock is held until the pending ejection ends: whoever wants it as well waits for ever, without a
    // signal. So does who takes a free page away: zone_pcp_disable() waits for an offline that has done the same, and
    // memory_failure() waits with mf_mutex held, which unpoisoning wants too.
    private static bool WaitsForEjection(OperationKind kind) => kind is OperationKind.Add or OperationKind.Eject
        or OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable or OperationKind.Offline
        or OperationKind.WriteState or OperationKind.WriteOnline or OperationKind.Plug or OperationKind.Unplug
        or OperationKind.Resize or OperationKind.SoftOffline or OperationKind.HardOffline or OperationKind.Poison
        or OperationKind.Unpoison;

    // Through ACPI only whole DIMMs come, in a group of their own, with the memmap where the boot parameter says.
    private JsonObject? Add(in Operation operation, in Target target, JsonObject op)
    {
        var bytes = operation.Amount <= GuestShape.MostMemoryGiB << 18 ? operation.Amount * PageBytes : 0;
        if (operation.Choice != (byte)MemmapPlacement.Policy || operation.Second != (byte)MemoryGroupKind.Static
            || bytes <= 0 || bytes % SubBlockBytes != 0 || operation.Node >= spec.Nodes || target.At == 0)
            return null;        // To QEMU an address of 0 means anywhere.
        var id = "d" + operation.Subject.Id;
        op["op"] = "add";
        op["size"] = bytes / MiB;
        op["id"] = id;
        op["node"] = operation.Node;
        long? address = target.At >= 0 ? target.At * PageBytes : null;
        if (address is not null)
            op["addr"] = address;
        return driver.Add(id, bytes, operation.Node, address);
    }

    private JsonObject? Eject(in Operation operation, JsonObject op)
    {
        if (operation.Subject.Id == 0)
            return null;
        op["op"] = "del";
        op["id"] = "d" + operation.Subject.Id;
        return driver.Eject("d" + operation.Subject.Id);
    }

    private JsonObject WriteState(in Operation operation, in Target target, JsonObject op)
    {
        var block = spec.BlockOf(target.Range.Start);
        var word = operation.Kind switch
        {
            OperationKind.Online => "online",
            OperationKind.OnlineKernel => "online_kernel",
            OperationKind.OnlineMovable => "online_movable",
            OperationKind.Offline => "offline",
            _ => operation.Choice == (byte)StateText.Empty ? "" : "sideways",
        };
        op["op"] = "state";
        op["block"] = block;
        op["val"] = word;
        return driver.WriteSlowly($"memory{block}/state", word);
    }

    private JsonObject WriteOnline(in Operation operation, in Target target, JsonObject op)
    {
        var block = spec.BlockOf(target.Range.Start);
        op["op"] = "online";
        op["block"] = block;
        op["val"] = operation.Amount;
        return driver.WriteSlowly($"memory{block}/online", operation.Amount.ToString());
    }

    private JsonObject? SetPolicy(PolicySetting setting, JsonObject op)
    {
        string? zones = setting switch
        {
            PolicySetting.ZonesContig => "contig-zones",
            PolicySetting.ZonesAutoMovable => "auto-movable",
            _ => null,
        };
        if (zones is not null)
        {
            op["op"] = "policy";
            op["val"] = zones;
            return driver.Write(Policies + "online_policy", zones);
        }

        if (AutoWord(setting) is not { } word)
            return null;        // memmap_on_memory is fixed at boot.
        op["op"] = "auto";
        op["val"] = word;
        return driver.Write(Memory + "auto_online_blocks", word);
    }

    private static string? AutoWord(PolicySetting setting) => setting switch
    {
        PolicySetting.AutoOffline => "offline",
        PolicySetting.AutoOnline => "online",
        PolicySetting.AutoOnlineKernel => "online_kernel",
        PolicySetting.AutoOnlineMovable => "online_movable",
        PolicySetting.AutoNonsense => "sideways",
        _ => null,
    };

    private JsonObject? Allocate(in Operation operation, JsonObject op)
    {
        var kind = ((AllocationKind)operation.Choice, operation.Order) switch
        {
            (AllocationKind.Movable, 0) => "anon",
            (AllocationKind.Movable, HugeOrder) => "thp",
            (AllocationKind.Unmovable, 0) => "packet",
            (AllocationKind.Unmigratable, 0) => "ramfs",
            (AllocationKind.Pinned, 0) => "vmsplice",
            (AllocationKind.LongTermPinned, 0) => "pin",
            _ => null,
        };
        var pages = kind == "thp" ? (operation.Amount + 511) / 512 * 512 : operation.Amount;
        if (kind is null || operation.Node >= spec.Nodes || pages > int.MaxValue)
            return null;
        op["op"] = "alloc";
        op["kind"] = kind;
        op["pages"] = pages;
        op["id"] = operation.Subject.Id;
        op["node"] = operation.Node;
        return driver.Allocate(operation.Subject.Id, kind, pages, operation.Node);
    }

    // User space pins what is its own: it has no way to a page that somebody else holds.
    private JsonObject? OnAllocation(string verb, in Operation operation, JsonObject op)
    {
        if (operation.Subject.Kind != NameKind.Allocation)
            return null;
        op["op"] = verb switch
        {
            "pin" => "get",
            "unpin" => "put",
            _ => "free",
        };
        op["id"] = operation.Subject.Id;
        if (operation.Subject.Page >= 0)
            op["page"] = operation.Subject.Page;
        return driver.Ask(verb, operation.Subject.Id, Math.Max(0, operation.Subject.Page));
    }

    private JsonObject? SetBalloon(in Operation operation, in GuestNow now, JsonObject op)
    {
        var pages = operation.Kind switch
        {
            OperationKind.Inflate => now.BalloonPages + Math.Min(operation.Amount, now.RamPages),
            OperationKind.Deflate => Math.Max(0, now.BalloonPages - operation.Amount),
            _ => operation.Amount,
        };
        if (operation.Choice != (byte)BalloonDriver.Virtio || pages >= now.RamPages
            || pages - now.BalloonPages > now.FreePages - Reserve)
            return null;
        var bytes = (now.RamPages - pages) * PageBytes;
        op["op"] = "balloon";
        op["target"] = bytes / MiB;
        op["bytes"] = bytes;
        return driver.SetBalloon(bytes);
    }

    private JsonObject? Resize(in Operation operation, in GuestNow now, JsonObject op)
    {
        var plugged = now.RegionPages / GuestShape.SubBlockPages;
        var wanted = operation.Kind switch
        {
            OperationKind.Plug => plugged + operation.Amount,
            OperationKind.Unplug => Math.Max(0, plugged - operation.Amount),
            _ => operation.Amount,
        };
        if (operation.Subject.Id != 1 || wanted > GuestShape.RegionMiB / 2)
            return null;
        op["op"] = "vmem";
        op["size"] = wanted * SubBlockBytes;
        return driver.Resize(wanted * SubBlockBytes);
    }

    // Pages that the guest itself lives in are left alone: what follows would be about our agent.
    private JsonObject? Poison(string word, string file, in Target target, in GuestNow now, JsonObject op)
    {
        var pfn = target.Range.Start;
        if (pfn < GuestShape.FirstHotBlock * (long)spec.PagesPerBlock || now.IsSomebodyElses(pfn))
            return null;
        op["op"] = word;
        op["pfn"] = pfn;
        return driver.Write(file, word is "soft" or "hard" ? $"0x{pfn * PageBytes:x}" : pfn.ToString());
    }

    private JsonObject? SetNotifierError(in Operation operation, JsonObject op)
    {
        var name = (MemoryNotification)operation.Choice switch
        {
            MemoryNotification.GoingOnline => "MEM_GOING_ONLINE",
            MemoryNotification.GoingOffline => "MEM_GOING_OFFLINE",
            _ => null,
        };
        if (name is null)
            return null;
        op["op"] = "notifier";
        op["ev"] = name;
        op["err"] = -(int)operation.Errno;
        return driver.Write($"{Injector}{name}/error", (-(int)operation.Errno).ToString());
    }

    private static JsonObject Wait(JsonObject op)
    {
        op["op"] = "tick";
        return new JsonObject { ["rc"] = 0 };
    }
}

/// <summary>What is known of the guest before an operation.</summary>
/// <param name="RamPages">RAM that QEMU counts for the balloon.</param>
/// <param name="BalloonPages">What the balloon was last asked to hold.</param>
/// <param name="RegionPages">What is plugged into device memory.</param>
/// <param name="FreePages">Free pages.</param>
/// <param name="IsSomebodyElses">True for a page in use that no allocation of the run holds.</param>
internal readonly record struct GuestNow(
    long RamPages, long BalloonPages, long RegionPages, long FreePages, Func<long, bool> IsSomebodyElses);
