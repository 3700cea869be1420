using System.Collections.Immutable;
using Hotplug.Engine.Floors;

namespace Hotplug.Generators.Floors;

/// <summary>What the default gate must reach on the bundled machine: <c>floors.txt</c>.</summary>
public static class DeclaredFloors
{
    private const string Resource = "floors.txt";

    /// <summary>Every floor, in the order of the file.</summary>
    public static ImmutableArray<Floor> All { get; } = FloorText.Parse(Read());

    private static string Read()
    {
        using var reader = new StreamReader(typeof(DeclaredFloors).Assembly.GetManifestResourceStream(Resource)!);
        return reader.ReadToEnd();
    }
}
