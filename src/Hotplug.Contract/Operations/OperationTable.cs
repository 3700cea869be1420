using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract.Machines;

namespace Hotplug.Contract.Operations;

/// <summary>What an operation may name as its subject.</summary>
public enum SubjectKind : byte
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>A device that the operation creates: <c>d1</c>.</summary>
    NewDevice,
    /// <summary>A device that exists: <c>d1</c>.</summary>
    Device,
    /// <summary>A device or one of its blocks: <c>d1</c>, <c>d1.b2</c>, <c>#40</c>.</summary>
    DeviceOrBlock,
    /// <summary>One memory block: <c>d1.b2</c>, <c>m1.b0</c>, <c>#40</c>.</summary>
    Block,
    /// <summary>One page: <c>d1.b2+5</c>, <c>a3[17]</c>, <c>@1310720</c>.</summary>
    Page,
    /// <summary>An allocation that the operation creates: <c>a3</c>.</summary>
    NewAllocation,
    /// <summary>An allocation that exists: <c>a3</c>.</summary>
    Allocation,
    /// <summary>A device memory: <c>m1</c>.</summary>
    DeviceMemory,
}

/// <summary>The field of <see cref="Operation"/> that a parameter fills.</summary>
public enum OperationField : byte
{
    /// <summary><see cref="Operation.Amount"/>.</summary>
    Amount,
    /// <summary><see cref="Operation.Choice"/>.</summary>
    Choice,
    /// <summary><see cref="Operation.Second"/>.</summary>
    Second,
    /// <summary><see cref="Operation.Third"/>.</summary>
    Third,
    /// <summary><see cref="Operation.Fourth"/>.</summary>
    Fourth,
    /// <summary><see cref="Operation.Order"/>.</summary>
    Order,
    /// <summary><see cref="Operation.Errno"/>.</summary>
    Errno,
    /// <summary><see cref="Operation.Node"/>.</summary>
    Node,
    /// <summary><see cref="Operation.Cpu"/>.</summary>
    Cpu,
    /// <summary><see cref="Operation.At"/>.</summary>
    At,
}

/// <summary>One argument of an operation: its key in the text form, and what it may hold.</summary>
/// <param name="Key">Key in the text form.</param>
/// <param name="Field">Field that it fills.</param>
/// <param name="Low">Smallest legal number, inclusive.</param>
/// <param name="High">Largest legal number, inclusive.</param>
/// <param name="Default">Value when the key is absent; null: the key is required.</param>
/// <param name="Words">Words of an enumeration, by value; empty for a number.</param>
public sealed record OperationParameter(
    string Key, OperationField Field, long Low, long High, long? Default, ImmutableArray<string> Words);

/// <summary>One row of the table: everything about the form of an operation.</summary>
/// <param name="Kind">The operation.</param>
/// <param name="Word">Its wire word.</param>
/// <param name="Level">The level that has it.</param>
/// <param name="Subject">What it names.</param>
/// <param name="Parameters">Its arguments, in the order of the text form.</param>
public sealed record OperationForm(
    OperationKind Kind, string Word, Levels Level, SubjectKind Subject, ImmutableArray<OperationParameter> Parameters);

/// <summary>The form of every operation, as data: what prints, parses, shrinks and documents them.</summary>
public static class OperationTable
{
    /// <summary>Every form, by ascending <see cref="OperationKind"/>.</summary>
    public static ImmutableArray<OperationForm> Forms { get; } = Build();

    private static readonly Dictionary<string, OperationForm> s_byWord = Forms.ToDictionary(static f => f.Word);

    /// <summary>The form of a kind.</summary>
    public static OperationForm Of(OperationKind kind) => Forms[(int)kind];

    /// <summary>The form with this wire word, or null.</summary>
    public static OperationForm? Find(string word) => s_byWord.GetValueOrDefault(word);

    /// <summary>Prints an operation: word, subject, then <c>key=value</c> for every argument that is not its
    /// default.</summary>
    public static string Print(in Operation operation)
    {
        var form = Of(operation.Kind);
        var text = new StringBuilder(form.Word);
        if (operation.Subject.Kind != NameKind.None)
            text.Append(' ').Append(operation.Subject.ToString());
        foreach (var parameter in form.Parameters)
        {
            var value = PrintValue(operation, parameter);
            if (value is not null)
                text.Append(' ').Append(parameter.Key).Append('=').Append(value);
        }

        return text.ToString();
    }

    /// <summary>The number in a numeric or enumerated field.</summary>
    public static long Get(in Operation operation, OperationField field) => field switch
    {
        OperationField.Amount => operation.Amount,
        OperationField.Choice => operation.Choice,
        OperationField.Second => operation.Second,
        OperationField.Third => operation.Third,
        OperationField.Fourth => operation.Fourth,
        OperationField.Order => operation.Order,
        OperationField.Errno => (long)operation.Errno,
        OperationField.Node => operation.Node,
        OperationField.Cpu => operation.Cpu,
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, "At is a name, not a number"),
    };

    /// <summary>The operation with a number put into a numeric or enumerated field.</summary>
    public static Operation With(in Operation operation, OperationField field, long value) => field switch
    {
        OperationField.Amount => operation with { Amount = value },
        OperationField.Choice => operation with { Choice = (byte)value },
        OperationField.Second => operation with { Second = (byte)value },
        OperationField.Third => operation with { Third = (byte)value },
        OperationField.Fourth => operation with { Fourth = (byte)value },
        OperationField.Order => operation with { Order = (byte)value },
        OperationField.Errno => operation with { Errno = (Errno)value },
        OperationField.Node => operation with { Node = (short)value },
        OperationField.Cpu => operation with { Cpu = (short)value },
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, "At is a name, not a number"),
    };

    private static string? PrintValue(in Operation operation, OperationParameter parameter)
    {
        if (parameter.Field == OperationField.At)
            return operation.At.Kind == NameKind.None ? null : operation.At.ToString();
        var value = Get(operation, parameter.Field);
        if (value == parameter.Default)
            return null;
        if (parameter.Field == OperationField.Errno)
            return ErrnoText.Print((Errno)value);
        return parameter.Words.IsEmpty ? value.ToString() : parameter.Words[(int)value];
    }

    private static ImmutableArray<OperationForm> Build()
    {
        var errno = new OperationParameter("errno", OperationField.Errno, 0, ErrnoText.Largest, null, []);
        var driver = Choice<BalloonDriver>("driver", 0);
        var pages = Number("pages", 1, long.MaxValue, null);
        var blocks = Number("blocks", 1, int.MaxValue, 0);
        var cpu = Small("cpu", OperationField.Cpu, 0, 1023, 0);
        var at = new OperationParameter("at", OperationField.At, 0, 0, 0, []);
        return
        [
            Form(OperationKind.Add, "add", Levels.Core, SubjectKind.NewDevice, Number("pages", 0, long.MaxValue, null),
                Small("node", OperationField.Node, 0, 1023, 0), at, Choice<MemmapPlacement>("memmap", 0),
                Choice<MemoryGroupKind>("group", 0, OperationField.Second),
                Choice<CallbackOwner>("owner", 0, OperationField.Third),
                Choice<BlockDevices>("block-devices", 0, OperationField.Fourth)),
            Form(OperationKind.Remove, "remove", Levels.Core, SubjectKind.DeviceOrBlock, blocks),
            Form(OperationKind.OfflineRemove, "offline-remove", Levels.Core, SubjectKind.DeviceOrBlock, blocks),
            Form(OperationKind.Eject, "eject", Levels.Core, SubjectKind.Device),
            Form(OperationKind.Online, "online", Levels.Core, SubjectKind.Block),
            Form(OperationKind.OnlineKernel, "online_kernel", Levels.Core, SubjectKind.Block),
            Form(OperationKind.OnlineMovable, "online_movable", Levels.Core, SubjectKind.Block),
            Form(OperationKind.Offline, "offline", Levels.Core, SubjectKind.Block),
            Form(OperationKind.WriteState, "write-state", Levels.Core, SubjectKind.Block, Choice<StateText>("text", null)),
            Form(OperationKind.WriteOnline, "write-online", Levels.Core, SubjectKind.Block, Number("value", 0, 1, null)),
            Form(OperationKind.Alloc, "alloc", Levels.Core, SubjectKind.NewAllocation, pages,
                Choice<AllocationKind>("kind", 0), Small("order", OperationField.Order, 0, 20, 0),
                Small("node", OperationField.Node, -1, 1023, -1), cpu),
            Form(OperationKind.Free, "free", Levels.Core, SubjectKind.Allocation, cpu),
            Form(OperationKind.Get, "get", Levels.Core, SubjectKind.Page),
            Form(OperationKind.Put, "put", Levels.Core, SubjectKind.Page, cpu),
            Form(OperationKind.Inflate, "inflate", Levels.Balloon, SubjectKind.None, driver, pages),
            Form(OperationKind.Deflate, "deflate", Levels.Balloon, SubjectKind.None, driver, pages),
            Form(OperationKind.BalloonTarget, "balloon-target", Levels.Balloon, SubjectKind.None, driver,
                Number("pages", 0, long.MaxValue, null)),
            Form(OperationKind.LoanTarget, "loan-target", Levels.Cmm, SubjectKind.None,
                Number("pages", 0, long.MaxValue, null)),
            Form(OperationKind.Oom, "oom", Levels.Cmm, SubjectKind.None),
            Form(OperationKind.Back, "back", Levels.OnlineCallback, SubjectKind.Page, Number("pages", 1, int.MaxValue, 1)),
            Form(OperationKind.Plug, "plug", Levels.DeviceMemory, SubjectKind.DeviceMemory,
                Number("sub-blocks", 1, long.MaxValue, null)),
            Form(OperationKind.Unplug, "unplug", Levels.DeviceMemory, SubjectKind.DeviceMemory,
                Number("sub-blocks", 1, long.MaxValue, null)),
            Form(OperationKind.Resize, "resize", Levels.DeviceMemory, SubjectKind.DeviceMemory,
                Number("sub-blocks", 0, long.MaxValue, null)),
            Form(OperationKind.SetCallback, "set-callback", Levels.OnlineCallback, SubjectKind.None,
                Choice<CallbackOwner>("owner", null), Choice<CallbackAction>("action", 0, OperationField.Second)),
            Form(OperationKind.Contig, "contig", Levels.Contig, SubjectKind.NewAllocation, at, pages),
            Form(OperationKind.ContigFree, "contig-free", Levels.Contig, SubjectKind.Allocation),
            Form(OperationKind.Poison, "poison", Levels.Hwpoison, SubjectKind.Page),
            Form(OperationKind.Unpoison, "unpoison", Levels.Hwpoison, SubjectKind.Page),
            Form(OperationKind.SoftOffline, "soft-offline", Levels.Hwpoison, SubjectKind.Page),
            Form(OperationKind.HardOffline, "hard-offline", Levels.Hwpoison, SubjectKind.Page),
            Form(OperationKind.Veto, "veto", Levels.Faults, SubjectKind.None, Choice<VetoPoint>("point", 0),
                Number("k", 1, int.MaxValue, 1), errno),
            Form(OperationKind.NotifierError, "notifier-error", Levels.Faults, SubjectKind.None,
                Choice<MemoryNotification>("event", null), errno),
            Form(OperationKind.Pcp, "pcp", Levels.Pcplists, SubjectKind.None, Choice<PcpAction>("do", null)),
            Form(OperationKind.Policy, "policy", Levels.Core, SubjectKind.None, Choice<PolicySetting>("set", null)),
            Form(OperationKind.Tick, "tick", Levels.Core, SubjectKind.None, Number("seconds", 1, int.MaxValue, null)),
        ];
    }

    private static OperationForm Form(OperationKind kind, string word, Levels level, SubjectKind subject,
        params ReadOnlySpan<OperationParameter> parameters) =>
        new(kind, word, level, subject, [.. parameters]);

    private static OperationParameter Number(string key, long low, long high, long? byDefault) =>
        new(key, OperationField.Amount, low, high, byDefault, []);

    private static OperationParameter Small(string key, OperationField field, int low, int high, int byDefault) =>
        new(key, field, low, high, byDefault, []);

    private static OperationParameter Choice<T>(string key, long? byDefault, OperationField field = OperationField.Choice)
        where T : struct, Enum
    {
        var words = Words.AllOf<T>();
        return new(key, field, 0, words.Count - 1, byDefault, [.. words]);
    }
}
