using System.Collections.Immutable;

namespace Hotplug.Engine.Floors;

/// <summary>Compares floors with what was reached.</summary>
public static class FloorJudge
{
    /// <summary>Every floor, in the order given, with how often it was reached.</summary>
    public static ImmutableArray<FloorShare> Judge(ImmutableArray<Floor> floors, IEnumerable<Reach> reached)
    {
        var counts = new Dictionary<(FloorKind, string), long>();
        foreach (var (kind, what, count) in reached)
            counts[(kind, what)] = counts.GetValueOrDefault((kind, what)) + count;
        return [.. floors.Select(floor => new FloorShare(floor, counts.GetValueOrDefault((floor.Kind, floor.What))))];
    }
}
