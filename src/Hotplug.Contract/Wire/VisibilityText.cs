using Hotplug.Contract.Observations;

namespace Hotplug.Contract.Wire;

/// <summary>The words of <see cref="Visibility"/>: <c>blocks</c>, <c>zone-start</c>, …</summary>
public static class VisibilityText
{
    /// <summary>Every kind of visibility and its word, in declaration order.</summary>
    public static IReadOnlyList<(Visibility Visibility, string Word)> All { get; } =
    [
        .. Enum.GetValues<Visibility>().Where(static v => v is not (Visibility.None or Visibility.All))
            .Select(static v => (v, Words.Of(v))),
    ];

    /// <summary>Reads one word.</summary>
    public static bool TryParse(string word, out Visibility visibility)
    {
        visibility = All.FirstOrDefault(v => v.Word == word).Visibility;
        return visibility != Visibility.None;
    }
}
