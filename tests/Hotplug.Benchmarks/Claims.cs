namespace Hotplug.Benchmarks;

/// <summary>Prints figures and claims as aligned lines.</summary>
internal sealed class Claims(TextWriter output)
{
    private const int Column = 62;

    /// <summary>A figure.</summary>
    internal void Figure(string what, string value) => output.WriteLine($"  {what.PadRight(Column)} {value}");

    /// <summary>A figure that is to be at least the target.</summary>
    internal void AtLeast(string what, double value, double target, string unit) =>
        Figure(what, $"{value:0.##} {unit} (target >= {target:0.##}: {(value >= target ? "kept" : "missed")})");

    /// <summary>A figure that is to be at most the target.</summary>
    internal void AtMost(string what, double value, double target, string unit) =>
        Figure(what, $"{value:0.###} {unit} (target <= {target:0.###}: {(value <= target ? "kept" : "missed")})");
}
