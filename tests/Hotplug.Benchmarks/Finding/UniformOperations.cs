using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Benchmarks.Finding;

/// <summary>
/// Operations as somebody draws them who knows the forms and the machine's bounds, but looks at no state: every kind as
/// likely as any other, small numbers for names, sizes in pages, pageblocks and blocks.
/// </summary>
internal static class UniformOperations
{
    private const int Devices = 3;
    private const int Allocations = 6;

    /// <summary>Any operation of these levels.</summary>
    internal static Gen<Operation> For(MachineSpec spec, Levels levels) => Gen.OneOf(
        OperationTable.Forms.Where(form => (form.Level | levels) == levels).Select(form => Of(spec, form)));

    private static Gen<Operation> Of(MachineSpec spec, OperationForm form)
    {
        var operation = Subject(spec, form.Subject).Select(name => new Operation { Kind = form.Kind, Subject = name });
        foreach (var parameter in form.Parameters)
            if (parameter.Field != OperationField.At)
                operation = operation.SelectMany(drawn =>
                    Value(spec, parameter).Select(value => OperationTable.With(drawn, parameter.Field, value)));
        return operation;
    }

    private static Gen<long> Value(MachineSpec spec, OperationParameter parameter)
    {
        if (!parameter.Words.IsEmpty || parameter.Field != OperationField.Amount)
            return Gen.Choose((int)parameter.Low, (int)Math.Min(parameter.High, parameter.Low + 15)).Select(static v => (long)v);
        ImmutableArray<long> sizes = [1, 2, spec.PagesPerPageblock, spec.PagesPerBlock, 2L * spec.PagesPerBlock];
        return Gen.Elements(sizes.Select(size => Math.Clamp(size, parameter.Low, parameter.High)));
    }

    private static Gen<Name> Subject(MachineSpec spec, SubjectKind kind) => kind switch
    {
        SubjectKind.NewDevice => Gen.Choose(1, Devices).Select(Name.Device),
        SubjectKind.Device => Gen.Choose(0, Devices).Select(Name.Device),
        SubjectKind.DeviceOrBlock => Gen.OneOf(Gen.Choose(0, Devices).Select(Name.Device), Block(spec)),
        SubjectKind.Block => Block(spec),
        SubjectKind.Page => Gen.OneOf(
            from block in Block(spec) from page in Gen.Choose(0, spec.PagesPerBlock - 1) select block.WithPage(page),
            PageOfAllocation()),
        SubjectKind.NewAllocation or SubjectKind.Allocation => Gen.Choose(1, Allocations).Select(Name.Allocation),
        SubjectKind.DeviceMemory => Gen.Choose(1, Math.Max(1, spec.DeviceMemories.Length)).Select(Name.DeviceMemory),
        _ => Gen.Constant(default(Name)),
    };

    private static Gen<Name> PageOfAllocation() =>
        from allocation in Gen.Choose(1, Allocations)
        from page in Gen.Choose(0, 3)
        select Name.Allocation(allocation).WithPage(page);

    private static Gen<Name> Block(MachineSpec spec)
    {
        var devices =
            from device in Gen.Choose(0, Devices)
            from block in Gen.Choose(0, 2)
            select Name.Device(device).WithBlock(block);
        if (spec.DeviceMemories.IsEmpty)
            return devices;
        return Gen.OneOf(devices,
            from memory in Gen.Choose(1, spec.DeviceMemories.Length)
            from block in Gen.Choose(0, 2)
            select Name.DeviceMemory(memory).WithBlock(block));
    }
}
