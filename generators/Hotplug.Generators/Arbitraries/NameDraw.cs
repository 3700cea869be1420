using System.Diagnostics;
using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Arbitraries;

/// <summary>Any name of a form, raw ones included.</summary>
internal static class NameDraw
{
    private static readonly SubjectKind[] s_forms =
        [.. Enum.GetValues<SubjectKind>().Where(static k => k != SubjectKind.None)];

    internal static Name Any(ref SplitMix random) => Subject(ref random, s_forms[random.Below(s_forms.Length)]);

    /// <summary>A place to add at: none, a block, or a page.</summary>
    internal static Name Place(ref SplitMix random) => random.Below(3) switch
    {
        0 => default,
        1 => Block(ref random),
        _ => Page(ref random),
    };

    /// <summary>A name that an operation with such a subject may carry.</summary>
    internal static Name Subject(ref SplitMix random, SubjectKind kind) => kind switch
    {
        SubjectKind.None => default,
        SubjectKind.NewDevice => Name.Device(Id(ref random, 1)),
        SubjectKind.Device => Name.Device(Id(ref random, 0)),
        SubjectKind.DeviceOrBlock => random.Chance(50) ? Name.Device(Id(ref random, 0)) : Block(ref random),
        SubjectKind.Block => Block(ref random),
        SubjectKind.Page => Page(ref random),
        SubjectKind.NewAllocation or SubjectKind.Allocation => Name.Allocation(Id(ref random, 0)),
        SubjectKind.DeviceMemory => Name.DeviceMemory(Id(ref random, 1)),
        _ => throw new UnreachableException($"no name for {kind}"),
    };

    private static Name Block(ref SplitMix random) => random.Below(3) switch
    {
        0 => Name.Device(Id(ref random, 0)).WithBlock(Id(ref random, 0)),
        1 => Name.DeviceMemory(Id(ref random, 1)).WithBlock(Id(ref random, 0)),
        _ => Name.RawBlock(Id(ref random, 0)),
    };

    private static Name Page(ref SplitMix random)
    {
        if (random.Chance(20))
            return Name.RawPage(Number(ref random));
        if (random.Chance(30))
            return Name.Allocation(Id(ref random, 0)).WithPage(Number(ref random));
        var device = random.Chance(50) ? Name.Device(Id(ref random, 0)) : Name.DeviceMemory(Id(ref random, 1));
        return device.WithBlock(Id(ref random, 0)).WithPage(Number(ref random));
    }

    private static int Id(ref SplitMix random, int low) =>
        random.Chance(90) ? random.Between(low, 9) : random.Between(low, int.MaxValue - 1);

    private static long Number(ref SplitMix random) =>
        random.Chance(90) ? random.Below(1000) : random.Below(long.MaxValue);
}
