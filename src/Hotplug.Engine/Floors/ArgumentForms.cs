using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Floors;

/// <summary>
/// Every form that an argument of an operation can have, as a number: each word of an enumeration and each error number
/// is a form of its own, numbers fall into a few by their size, names by what they name.
/// </summary>
internal static class ArgumentForms
{
    private static readonly string[] s_sizes = ["-1", "0", "1", "2..9", "10..99", "100..", "1000000.."];

    private static readonly string[] s_names =
    [
        "none", "device", "device-block", "device-page", "boot", "boot-block", "boot-page", "device-memory",
        "device-memory-block", "device-memory-page", "allocation", "allocation-page", "raw",
    ];

    private static readonly Errno[] s_errnos = Enum.GetValues<Errno>();
    private static readonly List<string> s_words = [];
    private static readonly int[][] s_first = Number();

    /// <summary>How many forms there are.</summary>
    internal static int Count => s_words.Count;

    /// <summary>What a form is called: <c>add memmap=per-block</c>.</summary>
    internal static string WordOf(int form) => s_words[form];

    /// <summary>Counts the forms of an operation's arguments.</summary>
    internal static void Add(Span<long> counts, in Operation operation)
    {
        var form = OperationTable.Of(operation.Kind);
        var first = s_first[(int)operation.Kind];
        if (form.Subject != SubjectKind.None)
            counts[first[0] + NameForm(operation.Subject)]++;
        for (var i = 0; i < form.Parameters.Length; i++)
            counts[first[i + 1] + FormOf(operation, form.Parameters[i])]++;
    }

    /// <summary>What the forms of an operation's arguments are called.</summary>
    internal static IEnumerable<string> Of(Operation operation)
    {
        var counts = new long[Count];
        Add(counts, operation);
        return counts.Index().Where(static c => c.Item > 0).Select(static c => s_words[c.Index]);
    }

    private static int FormOf(in Operation operation, OperationParameter parameter)
    {
        if (parameter.Field == OperationField.At)
            return NameForm(operation.At);
        var value = OperationTable.Get(operation, parameter.Field);
        if (parameter.Field == OperationField.Errno)
            return Array.IndexOf(s_errnos, (Errno)value) is >= 0 and var index ? index : s_errnos.Length;
        return parameter.Words.IsEmpty ? Size(value) : (int)value;
    }

    private static int Size(long value) => value switch
    {
        < 2 => (int)value + 1,
        < 10 => 3,
        < 100 => 4,
        < 1_000_000 => 5,
        _ => 6,
    };

    private static int NameForm(Name name)
    {
        var inside = name.IsPage ? 2 : name.IsBlock ? 1 : 0;
        return name.Kind switch
        {
            NameKind.None => 0,
            NameKind.Device => (name.Id == 0 ? 4 : 1) + inside,
            NameKind.DeviceMemory => 7 + inside,
            NameKind.Allocation => 10 + (name.IsPage ? 1 : 0),
            _ => 12,
        };
    }

    private static int[][] Number()
    {
        var first = new int[OperationTable.Forms.Length][];
        foreach (var form in OperationTable.Forms)
        {
            var of = first[(int)form.Kind] = new int[form.Parameters.Length + 1];
            of[0] = Append(form, "subject", s_names);
            for (var i = 0; i < form.Parameters.Length; i++)
                of[i + 1] = Append(form, form.Parameters[i].Key, WordsOf(form.Parameters[i]));
        }

        return first;
    }

    private static IEnumerable<string> WordsOf(OperationParameter parameter) =>
        parameter.Field == OperationField.At ? s_names
        : parameter.Field == OperationField.Errno ? [.. s_errnos.Select(ErrnoText.Print), "other"]
        : parameter.Words.IsEmpty ? s_sizes : parameter.Words;

    private static int Append(OperationForm form, string key, IEnumerable<string> words)
    {
        var first = s_words.Count;
        s_words.AddRange(words.Select(word => $"{form.Word} {key}={word}"));
        return first;
    }
}
