namespace Hotplug.Cli.Input;

/// <summary>How long a campaign lasts: so many sequences, or so much time.</summary>
/// <param name="Sequences">Sequences at most; <see cref="long.MaxValue"/> for a budget of time.</param>
/// <param name="Time">Time at most; null for a budget of sequences.</param>
internal readonly record struct Budget(long Sequences, TimeSpan? Time)
{
    /// <summary>What the text form looks like, for messages.</summary>
    internal const string Form = "a number of sequences such as 2000, or a time such as 60s, 5m or 1h";

    private const string Usual = "sequences";

    private static readonly (char Unit, double Seconds)[] s_units = [('s', 1), ('m', 60), ('h', 3600)];

    /// <summary>What is counted, for readers.</summary>
    internal string Unit { get; init; } = Usual;

    /// <summary>Reads <c>2000</c>, <c>60s</c>, <c>5m</c> or <c>1h</c>.</summary>
    internal static Budget Parse(string text, string counted = Usual)
    {
        if (long.TryParse(text, out var sequences) && sequences > 0)
            return new Budget(sequences, null) { Unit = counted };
        foreach (var (unit, seconds) in s_units)
            if (text.EndsWith(unit) && int.TryParse(text.AsSpan(0, text.Length - 1), out var count) && count > 0)
                return new Budget(long.MaxValue, TimeSpan.FromSeconds(count * seconds));
        throw new UsageException($"--budget {text}: allowed is {Form.Replace(Usual, counted, StringComparison.Ordinal)}");
    }

    /// <summary>How much of it is used up, 0 to 1.</summary>
    internal double Used(long sequences, TimeSpan elapsed) =>
        Time is { } time ? elapsed / time : sequences / (double)Sequences;

    /// <summary>Prints the text form.</summary>
    public override string ToString() => Time is { } time ? $"{time.TotalSeconds:0} s" : $"{Sequences} {Unit}";
}
