using System.Text;

namespace Hotplug.Contract;

/// <summary>Wire words of enumerations: <c>GoingOffline</c> is written <c>going-offline</c>.</summary>
public static class Words
{
    /// <summary>The word of a value.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => Kebab(value.ToString());

    /// <summary>All words of an enumeration, by ascending value.</summary>
    public static IReadOnlyList<string> AllOf<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(Kebab)];

    private static string Kebab(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('-');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
