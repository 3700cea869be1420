using System.Text;
using Hotplug.Contract;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// What the kernel is asked to note of its own steps: events on functions of an unmodified kernel, written to
/// <c>kprobe_events</c>. Where arguments are found comes from the kernel's own description of its types. Linux:
/// Documentation/trace/kprobetrace.rst.
/// </summary>
internal static class StepProbes
{
    /// <summary>The group of all events.</summary>
    internal const string Group = "hotplug";

    /// <summary>What the event of a function's return is called: the event's own name and this.</summary>
    internal const string Return = "_end";

    // Arguments of the first six parameters: the calling convention of x86-64.
    private static readonly string[] s_registers = ["di", "si", "dx", "cx", "r8", "r9"];

    // Resources are left out: what releases one again when an add fails, release_memory_resource(), is compiled into
    // its callers.
    private static readonly Probe[] s_probes =
    [
        new(EffectKind.MovedToZone, "move_pfn_range_to_zone", ["zone", "start_pfn", "nr_pages"]),
        new(EffectKind.RemovedFromZone, "remove_pfn_range_from_zone", ["zone", "start_pfn", "nr_pages"]),
        new(EffectKind.PagesToBuddy, "generic_online_page", ["page", "order"]),
        new(EffectKind.PresentChanged, "adjust_present_page_count", ["nr_pages"]),
        new(EffectKind.SectionsOnline, "online_mem_sections", ["start_pfn", "end_pfn"]),
        new(EffectKind.SectionsOffline, "offline_mem_sections", ["start_pfn", "end_pfn"]),
        new(EffectKind.PcpDisabled, "zone_pcp_disable", ["zone"]),
        new(EffectKind.PcpEnabled, "zone_pcp_enable", ["zone"]),
        new(EffectKind.PcpDrained, "__drain_all_pages", ["zone", "force_all_cpus"]),
        new(EffectKind.Isolated, "start_isolate_page_range", ["start_pfn", "end_pfn", "flags"], Returns: true),
        new(EffectKind.Unisolated, "undo_isolate_page_range", ["start_pfn", "end_pfn"]),
        new(EffectKind.VmemmapPopulated, "sparse_add_section", ["start_pfn", "nr_pages"], Returns: true),
        new(EffectKind.VmemmapFreed, "sparse_remove_section", ["pfn", "nr_pages"]),
        new(EffectKind.VmemmapInitialised, "mhp_init_memmap_on_memory", ["pfn", "nr_pages"]),
        new(EffectKind.VmemmapDeinitialised, "mhp_deinit_memmap_on_memory", ["pfn", "nr_pages"]),
        new(EffectKind.BlockCreated, "create_memory_block_devices", ["start", "size"], Returns: true),
        new(EffectKind.BlockDestroyed, "remove_memory_block_devices", ["start", "size"]),
    ];

    /// <summary>What a call of any notifier chain is called.</summary>
    internal const string Chain = "chain";

    private const string CallChain = "blocking_notifier_call_chain";

    /// <summary>The callbacks of the memory notifier chain that are watched, by the names of a machine's
    /// spec.</summary>
    private static readonly (string Name, string Module, string Function)[] s_callbacks =
    [
        ("slub", "", "slab_memory_callback"),
        ("virtio-mem", "virtio_mem", "virtio_mem_memory_notifier_cb"),
    ];

    /// <summary>Differs when the events do: a guest that was saved with others does not fit.</summary>
    internal static string Identity => string.Join('\n',
        [.. s_probes.Select(static p => $"{p.Kind} {p.Function} {string.Join(' ', p.Arguments)}"), CallChain,
            .. s_callbacks.Select(static c => c.Function)]);

    /// <summary>
    /// The lines that define the events, one for each that this kernel can have; a callback in a module that is built
    /// in is found without the module's name, so that of two lines one is refused.
    /// </summary>
    internal static IEnumerable<string> Definitions(Btf types)
    {
        foreach (var probe in s_probes)
            if (Arguments(types, probe) is { } arguments)
            {
                var name = Words.Of(probe.Kind).Replace('-', '_');
                yield return $"p:{Group}/{name} {probe.Function}{arguments}";
                if (probe.Returns)
                    yield return $"r:{Group}/{name}{Return} {probe.Function} ret=$retval:s64";
            }

        if (NotificationArguments(types) is not { } fields)
            yield break;
        yield return $"p:{Group}/{Chain} {CallChain}{fields}";
        yield return $"r:{Group}/{Chain}{Return} {CallChain} ret=$retval:u32";
        foreach (var (name, module, function) in s_callbacks)
            foreach (var place in module.Length > 0 ? (string[])[$"{module}:{function}", function] : [function])
            {
                yield return $"p:{Group}/{EventOf(name)} {place}{fields}";
                yield return $"r:{Group}/{EventOf(name)}{Return} {place} ret=$retval:u32";
            }
    }

    /// <summary>The event of a callback.</summary>
    internal static string EventOf(string callback) => "call_" + callback.Replace('-', '_');

    /// <summary>
    /// The kinds of effects that these events tell of, <paramref name="listed"/> as the kernel lists its events.
    /// Without every callback of the chain, calls of callbacks are not told.
    /// </summary>
    internal static EffectKinds Shown(string listed)
    {
        bool IsThere(string name) => listed.Contains($":{Group}/{name} ", StringComparison.Ordinal);
        var kinds = new List<EffectKind>();
        foreach (var probe in s_probes)
        {
            var name = Words.Of(probe.Kind).Replace('-', '_');
            if (IsThere(name) && (!probe.Returns || IsThere(name + Return)))
                kinds.Add(probe.Kind);
        }

        if (IsThere(Chain) && IsThere(Chain + Return) && s_callbacks.All(c => IsThere(EventOf(c.Name)) && IsThere(EventOf(c.Name) + Return)))
            kinds.Add(EffectKind.Notified);
        return EffectKinds.Of([.. kinds]);
    }

    private static string? Arguments(Btf types, Probe probe)
    {
        var parameters = types.ParametersOf(probe.Function);
        var text = new StringBuilder();
        foreach (var name in probe.Arguments)
        {
            var index = parameters.ToList().IndexOf(name);
            if (index < 0 || index >= s_registers.Length)
                return null;
            if (Fetch(types, name, s_registers[index]) is not { } fetch)
                return null;
            text.Append(' ').Append(fetch);
        }

        return text.ToString();
    }

    private static string? Fetch(Btf types, string name, string register)
    {
        if (name != "zone")
            return name switch
            {
                "nr_pages" => $"nr_pages=%{register}:s64",
                "force_all_cpus" => $"force_all_cpus=%{register}:u8",
                "flags" or "order" => $"{name}=%{register}:u32",
                _ => $"{name}=%{register}:u64",
            };
        int node = types.OffsetOf("zone", "node"), text = types.OffsetOf("zone", "name");
        return node < 0 || text < 0 ? null : $"node=+{node}(%{register}):s32 zone=+0(+{text}(%{register})):string";
    }

    // int callback(struct notifier_block *, unsigned long action, void *memory_notify).
    private static string? NotificationArguments(Btf types)
    {
        int start = types.OffsetOf("memory_notify", "start_pfn"), count = types.OffsetOf("memory_notify", "nr_pages");
        if (start < 0 || count < 0)
            return null;
        var text = $" action=%si:u64 start=+{start}(%dx):u64 nr_pages=+{count}(%dx):s64";
        int altmap = types.OffsetOf("memory_notify", "altmap_start_pfn");
        int hosted = types.OffsetOf("memory_notify", "altmap_nr_pages");
        return altmap < 0 || hosted < 0 ? text
            : $"{text} altmap_start=+{altmap}(%dx):u64 altmap_pages=+{hosted}(%dx):s64";
    }

    private sealed record Probe(EffectKind Kind, string Function, string[] Arguments, bool Returns = false);
}
