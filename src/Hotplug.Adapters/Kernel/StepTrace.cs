using System.Globalization;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// Turns what the kernel's tracer noted into effects: events of functions that may fail count when these return with
/// success, and what another user of the same functions does – a contiguous allocation – does not count at all.
/// </summary>
/// <param name="spec">The machine.</param>
internal sealed class StepTrace(MachineSpec spec)
{
    // Flags of start_isolate_page_range(), include/linux/page-isolation.h: 0x1 is MEMORY_OFFLINE in both dialects.
    private const long MemoryOffline = 1;
    private const int NotifyStop = 0x8000;      // NOTIFY_STOP_MASK, include/linux/notifier.h.

    private static readonly MemoryNotification?[] s_6_12 =
    [
        MemoryNotification.Online, MemoryNotification.GoingOffline, MemoryNotification.Offline,
        MemoryNotification.GoingOnline, MemoryNotification.CancelOnline, MemoryNotification.CancelOffline,
        MemoryNotification.PrepareOnline, MemoryNotification.FinishOffline,
    ];

    // What began and did not return yet, by task and event.
    private readonly Dictionary<(string Task, string Event), Dictionary<string, string>> _begun = [];
    private readonly HashSet<PageRange> _contiguous = [];
    private readonly List<Effect> _effects = [];

    /// <summary>
    /// Takes lines of the trace. What belongs to an offline that still goes on is kept back for the next call.
    /// </summary>
    internal List<Effect> Take(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            if (StepLine.TryParse(line, out var parsed))
                Take(parsed);
        var whole = LengthOfWhole();
        var taken = _effects.GetRange(0, whole);
        _effects.RemoveRange(0, whole);
        return taken;
    }

    // Up to where per-CPU lists were last enabled: an offline that loops has them disabled. Pages that hold their own
    // descriptors are taken off present just before (memory_block_offline()).
    private int LengthOfWhole()
    {
        for (var i = _effects.Count - 1; i >= 0; i--)
            if (_effects[i].Kind is EffectKind.PcpEnabled)
                return _effects.Count;
            else if (_effects[i].Kind is EffectKind.PcpDisabled)
                return i > 0 && _effects[i - 1] is { Kind: EffectKind.PresentChanged, Value: < 0 } ? i - 1 : i;
        return _effects.Count;
    }

    private void Take(StepLine line)
    {
        var name = line.Event;
        if (name.EndsWith(StepProbes.Return, StringComparison.Ordinal))
        {
            name = name[..^StepProbes.Return.Length];
            if (_begun.Remove((line.Task, name), out var began))
                End(name, began, line.Number("ret"));
        }
        else if (IsAwaited(name))
        {
            _begun[(line.Task, name)] = line.Fields;
        }
        else if (Enum.TryParse<EffectKind>(name.Replace("_", "", StringComparison.Ordinal), true, out var kind))
        {
            Add(kind, line);
        }
    }

    private static bool IsAwaited(string name) => name.StartsWith("call_", StringComparison.Ordinal)
        || name is StepProbes.Chain or "isolated" or "vmemmap_populated" or "block_created";

    private void End(string name, Dictionary<string, string> fields, long answer)
    {
        var began = new StepLine("", name, fields);
        switch (name)
        {
            case "isolated" when (began.Number("flags") & MemoryOffline) == 0:
                // alloc_contig_range() takes isolation back also when it did not succeed.
                _contiguous.Add(Between(began));
                break;
            case "isolated" when answer == 0:
                _effects.Add(new Effect(EffectKind.Isolated, Between(began)));
                break;
            case "vmemmap_populated" when answer == 0:
                _effects.Add(new Effect(EffectKind.VmemmapPopulated,
                    new PageRange(began.Number("start_pfn"), began.Number("nr_pages"))));
                break;
            case "block_created" when answer == 0:
                AddBlocks(EffectKind.BlockCreated, began);
                break;
            case StepProbes.Chain:
                AddUnseen(began, (int)answer);
                break;
            case var callback when callback.StartsWith("call_", StringComparison.Ordinal):
                AddCall(callback, began, answer);
                break;
        }
    }

    private void Add(EffectKind kind, StepLine line)
    {
        switch (kind)
        {
            case EffectKind.MovedToZone or EffectKind.RemovedFromZone:
                _effects.Add(new Effect(
                    kind, new PageRange(line.Number("start_pfn"), line.Number("nr_pages")), line.Zone));
                break;
            case EffectKind.PagesToBuddy:
                var first = (line.Number("page") - StructPages.VmemmapBase) / spec.DescriptorBytes;
                _effects.Add(new Effect(kind, new PageRange(first, 1L << (int)line.Number("order"))));
                break;
            case EffectKind.PresentChanged:
                _effects.Add(new Effect(kind, default, Value: line.Number("nr_pages")));
                break;
            case EffectKind.SectionsOnline or EffectKind.SectionsOffline:
                _effects.Add(new Effect(kind, Between(line)));
                break;
            case EffectKind.PcpDisabled or EffectKind.PcpEnabled:
                _effects.Add(new Effect(kind, default, line.Zone));
                break;
            case EffectKind.PcpDrained when line.Number("force_all_cpus") != 0:
                _effects.Add(new Effect(kind, default, line.Zone));
                break;
            case EffectKind.Unisolated when !IsInsideIsolating(line) && !_contiguous.Remove(Between(line)):
                _effects.Add(new Effect(kind, Between(line)));
                break;
            case EffectKind.VmemmapFreed:
                _effects.Add(new Effect(kind, new PageRange(line.Number("pfn"), line.Number("nr_pages"))));
                break;
            case EffectKind.VmemmapInitialised or EffectKind.VmemmapDeinitialised:
                _effects.Add(new Effect(kind, new PageRange(line.Number("pfn"), line.Number("nr_pages"))));
                break;
            case EffectKind.BlockDestroyed:
                AddBlocks(kind, line);
                break;
        }
    }

    // start_isolate_page_range() takes back what it did when it fails half way.
    private bool IsInsideIsolating(StepLine line) => _begun.ContainsKey((line.Task, "isolated"));

    private void AddCall(string callback, StepLine began, long answer)
    {
        for (var i = 0; i < spec.Notifiers.Length; i++)
        {
            if (StepProbes.EventOf(spec.Notifiers[i].Name) != callback
                || NotificationOf(began.Number("action")) is not { } notification)
                continue;
            var pages = new PageRange(began.Number("start"), began.Number("nr_pages"));
            if (notification is MemoryNotification.PrepareOnline or MemoryNotification.FinishOffline
                && began.Number("altmap_pages") is > 0 and var hosted)
                pages = new PageRange(began.Number("altmap_start"), hosted + pages.Count);
            _effects.Add(new Effect(EffectKind.Notified, pages, Value: i, Notification: notification,
                Errno: ErrnoOf((int)answer)));
        }
    }

    // Somebody whose calls cannot be seen refused. A chain in which none of the callbacks was called just before is not
    // the one for memory.
    private void AddUnseen(StepLine began, int answer)
    {
        var errno = ErrnoOf(answer);
        if (errno == Errno.None || _effects.Count == 0 || _effects[^1] is not { Kind: EffectKind.Notified, Errno: Errno.None } last
            || NotificationOf(began.Number("action")) != last.Notification)
            return;
        for (var i = 0; i < spec.Notifiers.Length; i++)
            if (spec.Notifiers[i].Unseen)
                _effects.Add(last with { Value = i, Errno = errno });
    }

    private MemoryNotification? NotificationOf(long action)
    {
        if (spec.Dialect.Has(DialectItem.PrepareFinishEvents))
            return action >= 0 && action < s_6_12.Length ? s_6_12[action] : null;
        return action switch
        {
            1 => MemoryNotification.Online,
            2 => MemoryNotification.GoingOffline,
            4 => MemoryNotification.Offline,
            8 => MemoryNotification.GoingOnline,
            16 => MemoryNotification.CancelOnline,
            32 => MemoryNotification.CancelOffline,
            _ => null,
        };
    }

    // notifier_to_errno(): NOTIFY_BAD alone is EPERM.
    private static Errno ErrnoOf(int answer) =>
        (answer & NotifyStop) == 0 ? Errno.None : (Errno)Math.Max(0, (answer & ~NotifyStop) - 1);

    private void AddBlocks(EffectKind kind, StepLine line)
    {
        var range = Bytes(line);
        for (var start = range.Start; start < range.End; start += spec.PagesPerBlock)
            _effects.Add(new Effect(kind, new PageRange(start, spec.PagesPerBlock)));
    }

    private PageRange Bytes(StepLine line) =>
        new(line.Number("start") / spec.PageBytes, line.Number("size") / spec.PageBytes);

    private static PageRange Between(StepLine line) =>
        new(line.Number("start_pfn"), line.Number("end_pfn") - line.Number("start_pfn"));
}

/// <summary>
/// One line of the trace: <c>agent-61 [000] ..... 5.123456: isolated: (start_isolate_page_range+0x0/0x250)
/// start_pfn=1310720 …</c>.
/// </summary>
/// <param name="Task">Who.</param>
/// <param name="Event">Which event.</param>
/// <param name="Fields">Its arguments, as text.</param>
internal sealed record StepLine(string Task, string Event, Dictionary<string, string> Fields)
{
    /// <summary>A number; 0 if it is not there or could not be read.</summary>
    internal long Number(string name) => Fields.TryGetValue(name, out var text)
        && long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : text is not null && ulong.TryParse(text, CultureInfo.InvariantCulture, out var large)
            ? unchecked((long)large) : 0;

    /// <summary>The zone that it names.</summary>
    internal ZoneId Zone => new((short)Number("node"),
        Enum.TryParse<ZoneKind>(Fields.GetValueOrDefault("zone", "").Trim('"'), true, out var kind) ? kind : ZoneKind.None);

    /// <summary>Reads it; false for a line of another form, such as one that tells of lost events.</summary>
    internal static bool TryParse(string line, out StepLine parsed)
    {
        parsed = new StepLine("", "", []);
        var cpu = line.IndexOf(" [", StringComparison.Ordinal);
        var name = cpu < 0 ? -1 : line.IndexOf(": ", cpu, StringComparison.Ordinal);
        var end = name < 0 ? -1 : line.IndexOf(": (", name + 2, StringComparison.Ordinal);
        var arguments = end < 0 ? -1 : line.IndexOf(')', end);
        if (arguments < 0)
            return false;
        var fields = new Dictionary<string, string>();
        foreach (var word in line[(arguments + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            if (word.IndexOf('=') is > 0 and var equals)
                fields[word[..equals]] = word[(equals + 1)..];
        parsed = new StepLine(line[..cpu].Trim(), line[(name + 2)..end], fields);
        return true;
    }
}
