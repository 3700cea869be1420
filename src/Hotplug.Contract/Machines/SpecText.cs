using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Machines;

/// <summary>A numeric field of a spec: its key in the text form, its bounds (both inclusive), how to read and replace
/// it.</summary>
/// <param name="Key">Key in the text form.</param>
/// <param name="Low">Smallest value.</param>
/// <param name="High">Largest value.</param>
/// <param name="Get">Reads it.</param>
/// <param name="With">Replaces it.</param>
public sealed record SpecNumber(
    string Key, long Low, long High, Func<MachineSpec, long> Get, Func<MachineSpec, long, MachineSpec> With);

/// <summary>
/// Text form of <see cref="MachineSpec"/>: <c>key=value</c> for every field that is not its default, separated by
/// blanks. Lists: <c>device-memory=32+8/512@1</c> (first block + blocks / sub-block pages @ node),
/// <c>balloon=virtio</c> or
/// <c>virtio-oom</c>, <c>notifier=slub:1</c>, <c>none</c> or a kernel's whole chain such as <c>linux-6.12</c>; the
/// entries of a list are separated by commas.
/// </summary>
public static class SpecText
{
    private const string NoNotifiers = "none";
    private const string Unseen = ":unseen";

    private static readonly MachineSpec s_default = new();

    /// <summary>Every numeric field, in the order of the text form.</summary>
    public static ImmutableArray<SpecNumber> Numbers { get; } =
    [
        new("page-bytes", 64, 1 << 20, static s => s.PageBytes, static (s, v) => s with { PageBytes = (int)v }),
        new("pageblock", 1, 1 << 18, static s => s.PagesPerPageblock, static (s, v) => s with { PagesPerPageblock = (int)v }),
        new("section", 2, 1 << 24, static s => s.PagesPerSection, static (s, v) => s with { PagesPerSection = (int)v }),
        new("block-sections", 1, 1 << 12, static s => s.SectionsPerBlock, static (s, v) => s with { SectionsPerBlock = (int)v }),
        new("max-order", 0, 20, static s => s.MaxOrder, static (s, v) => s with { MaxOrder = (int)v }),
        new("descriptor-bytes", 1, 1 << 16, static s => s.DescriptorBytes, static (s, v) => s with { DescriptorBytes = (int)v }),
        new("boot", 1, 1 << 24, static s => s.BootBlocks, static (s, v) => s with { BootBlocks = (int)v }),
        new("pc-boot", 0, 1, static s => s.PcBoot ? 1 : 0, static (s, v) => s with { PcBoot = v == 1 }),
        new("dimm-first", 0, 1 << 24, static s => s.DimmFirstBlock, static (s, v) => s with { DimmFirstBlock = (int)v }),
        new("dimm", 0, 1 << 24, static s => s.DimmBlocks, static (s, v) => s with { DimmBlocks = (int)v }),
        new("nodes", 1, 1024, static s => s.Nodes, static (s, v) => s with { Nodes = (int)v }),
        new("cpus", 1, 1024, static s => s.Cpus, static (s, v) => s with { Cpus = (int)v }),
        new("pcp-batch", 1, 1 << 16, static s => s.PcpBatch, static (s, v) => s with { PcpBatch = (int)v }),
        new("pcp-high", 0, 1 << 20, static s => s.PcpHigh, static (s, v) => s with { PcpHigh = (int)v }),
        new("memmap-node", -1, 1023, static s => s.MemmapNode, static (s, v) => s with { MemmapNode = (int)v }),
        new("memmap-order", 0, 20, static s => s.MemmapOrder, static (s, v) => s with { MemmapOrder = (int)v }),
        new("auto-movable", 0, 1, static s => s.AutoMovable ? 1 : 0, static (s, v) => s with { AutoMovable = v == 1 }),
        new("auto-movable-ratio", 0, 1 << 20, static s => s.AutoMovableRatio, static (s, v) => s with { AutoMovableRatio = (int)v }),
        new("cmm-hotplug-delay", 0, 1 << 20, static s => s.CmmHotplugDelay, static (s, v) => s with { CmmHotplugDelay = (int)v }),
        new("cmm-oom", 0, SpecRules.MostPages, static s => s.CmmOomPages, static (s, v) => s with { CmmOomPages = v }),
        new("cmm-least-active", 0, SpecRules.MostPages, static s => s.CmmLeastActive, static (s, v) => s with { CmmLeastActive = v }),
    ];

    /// <summary>Every key that the text form knows.</summary>
    public static ImmutableArray<string> Keys { get; } =
        [.. Numbers.Select(static n => n.Key), "memmap-on-memory", "auto-online", "dialect", "device-memory", "balloon",
            "online-callbacks", "notifier"];

    /// <summary>Prints the spec; empty for the default one.</summary>
    public static string Print(MachineSpec spec)
    {
        var text = new StringBuilder();
        foreach (var number in Numbers)
            if (number.Get(spec) != number.Get(s_default))
                Append(text, number.Key, number.Get(spec).ToString());
        if (spec.MemmapOnMemory != s_default.MemmapOnMemory)
            Append(text, "memmap-on-memory", Words.Of(spec.MemmapOnMemory));
        if (spec.AutoOnline != s_default.AutoOnline)
            Append(text, "auto-online", Words.Of(spec.AutoOnline));
        if (spec.Dialect != s_default.Dialect)
            Append(text, "dialect", spec.Dialect.Name);
        AppendDevices(text, spec);
        if (spec.OnlineCallbacks != s_default.OnlineCallbacks)
            Append(text, "online-callbacks", Words.Of(spec.OnlineCallbacks));
        if (!spec.Notifiers.SequenceEqual(s_default.Notifiers))
            Append(text, "notifier", NotifierChains.WordOf(spec.Notifiers) ?? PrintNotifiers(spec));
        return text.ToString();
    }

    /// <summary>Prints every field, defaults too, but for lists of devices that are empty: for readers who do not know
    /// the defaults.</summary>
    public static string PrintWhole(MachineSpec spec)
    {
        var text = new StringBuilder();
        foreach (var number in Numbers)
            Append(text, number.Key, number.Get(spec).ToString());
        Append(text, "memmap-on-memory", Words.Of(spec.MemmapOnMemory));
        Append(text, "auto-online", Words.Of(spec.AutoOnline));
        Append(text, "dialect", spec.Dialect.Name);
        AppendDevices(text, spec);
        Append(text, "online-callbacks", Words.Of(spec.OnlineCallbacks));
        Append(text, "notifier", PrintNotifiers(spec));
        return text.ToString();
    }

    /// <summary>
    /// Reads what <see cref="Print"/> or <see cref="PrintWhole"/> writes. False: <paramref name="error"/> names the
    /// value and what is allowed; also for a spec that is not coherent.
    /// </summary>
    public static bool TryParse(string text, out MachineSpec spec, out string error)
    {
        spec = new MachineSpec();
        error = "";
        foreach (var token in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = token.IndexOf('=');
            if (equals < 1)
                return Fail($"'{token}': the form is key=value; keys: {string.Join(", ", Keys)}", out error);
            if (!TryApply(ref spec, token[..equals], token[(equals + 1)..], out error))
                return false;
        }

        error = SpecRules.Check(spec) ?? "";
        return error.Length == 0;
    }

    /// <summary>The spec with one <c>key=value</c> put in. False: <paramref name="error"/> names the value and what is
    /// allowed.</summary>
    public static bool TryApply(ref MachineSpec spec, string key, string value, out string error)
    {
        error = "";
        var number = Numbers.FirstOrDefault(n => n.Key == key);
        if (number is not null)
        {
            if (!long.TryParse(value, out var parsed) || parsed < number.Low || parsed > number.High)
                return Fail($"{key}={value}: allowed is a number from {number.Low} to {number.High}", out error);
            spec = number.With(spec, parsed);
            return true;
        }

        switch (key)
        {
            case "memmap-on-memory" when TryWord<MemmapOnMemory>(value, out var policy):
                spec = spec with { MemmapOnMemory = policy };
                return true;
            case "memmap-on-memory":
                return Fail(Allowed<MemmapOnMemory>(key, value), out error);
            case "auto-online" when TryWord<AutoOnline>(value, out var online):
                spec = spec with { AutoOnline = online };
                return true;
            case "auto-online":
                return Fail(Allowed<AutoOnline>(key, value), out error);
            case "dialect" when Dialect.Find(value) is { } dialect:
                spec = spec with { Dialect = dialect };
                return true;
            case "dialect":
                return Fail($"{key}={value}: allowed is {string.Join(", ", Dialect.All.Select(static d => d.Name))}", out error);
            case "device-memory":
                return TryDeviceMemories(ref spec, value, out error);
            case "balloon":
                return TryBalloons(ref spec, value, out error);
            case "online-callbacks" when TryWord<CallbackRegistry>(value, out var registry):
                spec = spec with { OnlineCallbacks = registry };
                return true;
            case "online-callbacks":
                return Fail(Allowed<CallbackRegistry>(key, value), out error);
            case "notifier":
                return TryNotifiers(ref spec, value, out error);
            default:
                return Fail($"unknown key '{key}'; known: {string.Join(", ", Keys)}", out error);
        }
    }

    private static bool TryDeviceMemories(ref MachineSpec spec, string value, out string error)
    {
        var memories = ImmutableArray.CreateBuilder<DeviceMemorySpec>();
        foreach (var entry in value.Split(','))
        {
            var parts = entry.Split('+', '/', '@');
            if (parts.Length != 4 || !int.TryParse(parts[0], out var first) || !int.TryParse(parts[1], out var blocks)
                || !int.TryParse(parts[2], out var pages) || !short.TryParse(parts[3], out var node) || first < 0
                || entry != $"{first}+{blocks}/{pages}@{node}")
                return Fail($"device-memory={entry}: the form is first-block+blocks/sub-block-pages@node, such as 32+8/512@1", out error);
            memories.Add(new DeviceMemorySpec(first, blocks, pages, node));
        }

        spec = spec with { DeviceMemories = memories.ToImmutable() };
        error = "";
        return true;
    }

    private static bool TryBalloons(ref MachineSpec spec, string value, out string error)
    {
        var balloons = ImmutableArray.CreateBuilder<BalloonSpec>();
        foreach (var entry in value.Split(','))
        {
            var onOom = entry == "virtio-oom";
            if (!TryWord<BalloonDriver>(onOom ? "virtio" : entry, out var driver))
                return Fail($"balloon={entry}: allowed is {string.Join(", ", Words.AllOf<BalloonDriver>())}, virtio-oom", out error);
            balloons.Add(new BalloonSpec(driver, onOom));
        }

        spec = spec with { Balloons = balloons.ToImmutable() };
        error = "";
        return true;
    }

    private static bool TryNotifiers(ref MachineSpec spec, string value, out string error)
    {
        var notifiers = ImmutableArray.CreateBuilder<NotifierSpec>();
        if (value == NoNotifiers)
        {
            spec = spec with { Notifiers = [] };
            error = "";
            return true;
        }

        if (NotifierChains.Find(value) is { } whole)
        {
            spec = spec with { Notifiers = whole };
            error = "";
            return true;
        }

        foreach (var entry in value.Split(','))
        {
            var colon = entry.IndexOf(':');
            var unseen = entry.EndsWith(Unseen, StringComparison.Ordinal);
            var end = unseen ? entry.Length - Unseen.Length : entry.Length;
            if (colon < 1 || colon >= end || !int.TryParse(entry.AsSpan(colon + 1, end - colon - 1), out var priority))
                return Fail($"notifier={entry}: the form is name:priority, such as slub:1, or {NoNotifiers}, or {Dialect.Linux61.Name} or {Dialect.Linux612.Name} for a whole chain", out error);
            notifiers.Add(new NotifierSpec(entry[..colon], priority, unseen));
        }

        spec = spec with { Notifiers = notifiers.ToImmutable() };
        error = "";
        return true;
    }

    private static void AppendDevices(StringBuilder text, MachineSpec spec)
    {
        if (!spec.DeviceMemories.IsEmpty)
            Append(text, "device-memory", string.Join(',', spec.DeviceMemories.Select(
                static m => $"{m.FirstBlock}+{m.Blocks}/{m.SubBlockPages}@{m.Node}")));
        if (!spec.Balloons.IsEmpty)
            Append(text, "balloon", string.Join(',', spec.Balloons.Select(PrintBalloon)));
    }

    private static string PrintNotifiers(MachineSpec spec) => spec.Notifiers.IsEmpty
        ? NoNotifiers
        : string.Join(',', spec.Notifiers.Select(static n => $"{n.Name}:{n.Priority}{(n.Unseen ? Unseen : "")}"));

    private static string PrintBalloon(BalloonSpec balloon) =>
        Words.Of(balloon.Driver) + (balloon.DeflateOnOom ? "-oom" : "");

    private static bool TryWord<T>(string word, out T value)
        where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            value = candidate;
            if (Words.Of(candidate) == word)
                return true;
        }

        value = default;
        return false;
    }

    private static string Allowed<T>(string key, string value)
        where T : struct, Enum => $"{key}={value}: allowed is {string.Join(", ", Words.AllOf<T>())}";

    private static bool Fail(string message, out string error)
    {
        error = message;
        return false;
    }

    private static void Append(StringBuilder text, string key, string value) =>
        text.Append(text.Length == 0 ? "" : " ").Append(key).Append('=').Append(value);
}
