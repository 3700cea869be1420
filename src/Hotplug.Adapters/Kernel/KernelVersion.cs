namespace Hotplug.Adapters.Kernel;

/// <summary>The numbers of a kernel release: <c>6.12.117+deb12-amd64</c> is 6.12.117, <c>6.1</c> is 6.1.0.</summary>
/// <param name="Major">First number.</param>
/// <param name="Minor">Second number.</param>
/// <param name="Patch">Third number; 0 if it is absent.</param>
public readonly record struct KernelVersion(int Major, int Minor, int Patch)
{
    /// <summary>Reads the leading numbers of a release; false if it does not begin with two of them.</summary>
    public static bool TryParse(string text, out KernelVersion version)
    {
        version = default;
        var length = 0;
        while (length < text.Length && (char.IsAsciiDigit(text[length]) || text[length] == '.'))
            length++;
        var parts = text[..length].TrimEnd('.').Split('.');
        var numbers = new int[3];
        if (parts.Length < 2)
            return false;
        for (var i = 0; i < Math.Min(3, parts.Length); i++)
            if (!int.TryParse(parts[i], out numbers[i]))
                return false;
        version = new KernelVersion(numbers[0], numbers[1], numbers[2]);
        return true;
    }

    /// <summary>True if this one is older.</summary>
    public bool IsBefore(KernelVersion other) =>
        (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch)) < 0;

    /// <summary>Prints <c>6.12.117</c>.</summary>
    public override string ToString() => $"{Major}.{Minor}.{Patch}";
}
