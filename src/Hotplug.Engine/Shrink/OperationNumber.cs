using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Shrink;

/// <summary>Where a number of an operation stands.</summary>
internal enum NumberPlace : byte
{
    Kind,
    SubjectId,
    SubjectBlock,
    SubjectPage,
    Field,
    AtId,
    AtBlock,
    AtPage,
}

/// <summary>One number of an operation, and how small it may get.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Field">The field, if it stands in one.</param>
/// <param name="Simplest">The smallest value that makes sense.</param>
/// <param name="IsWord">Stands for a word: every value is a case of its own, there is nothing between.</param>
internal readonly record struct OperationNumber(NumberPlace Place, OperationField Field, long Simplest, bool IsWord)
{
    /// <summary>The numbers of an operation from the left, as <see cref="TraceOrder"/> compares them.</summary>
    internal static void List(in Operation operation, List<OperationNumber> numbers)
    {
        numbers.Clear();
        var form = OperationTable.Of(operation.Kind);
        numbers.Add(new(NumberPlace.Kind, default, 0, true));
        ListName(operation.Subject, form.Subject == SubjectKind.NewDevice, NumberPlace.SubjectId, numbers);
        foreach (var parameter in form.Parameters)
            if (parameter.Field == OperationField.At)
                ListName(operation.At, false, NumberPlace.AtId, numbers);
            else
                numbers.Add(new(NumberPlace.Field, parameter.Field,
                    Math.Min(parameter.Low, parameter.Default ?? parameter.Low),
                    !parameter.Words.IsEmpty || parameter.Field == OperationField.Errno));
    }

    internal long Get(in Operation operation) => Place switch
    {
        NumberPlace.Kind => (long)operation.Kind,
        NumberPlace.SubjectId => operation.Subject.Id,
        NumberPlace.SubjectBlock => operation.Subject.Block,
        NumberPlace.SubjectPage => operation.Subject.Page,
        NumberPlace.AtId => operation.At.Id,
        NumberPlace.AtBlock => operation.At.Block,
        NumberPlace.AtPage => operation.At.Page,
        _ => OperationTable.Get(operation, Field),
    };

    internal Operation With(in Operation operation, long value) => Place switch
    {
        NumberPlace.Kind => operation with { Kind = (OperationKind)value },
        NumberPlace.SubjectId => operation with { Subject = operation.Subject with { Id = (int)value } },
        NumberPlace.SubjectBlock => operation with { Subject = operation.Subject with { Block = (int)value } },
        NumberPlace.SubjectPage => operation with { Subject = operation.Subject with { Page = value } },
        NumberPlace.AtId => operation with { At = operation.At with { Id = (int)value } },
        NumberPlace.AtBlock => operation with { At = operation.At with { Block = (int)value } },
        NumberPlace.AtPage => operation with { At = operation.At with { Page = value } },
        _ => OperationTable.With(operation, Field, value),
    };

    private static void ListName(Name name, bool isNew, NumberPlace id, List<OperationNumber> numbers)
    {
        if (name.Kind is NameKind.Device or NameKind.DeviceMemory or NameKind.Allocation or NameKind.RawBlock)
            numbers.Add(new(id, default, SmallestId(name.Kind, isNew), false));
        if (name.Block >= 0)
            numbers.Add(new(id + 1, default, 0, false));
        if (name.Page >= 0)
            numbers.Add(new(id + 2, default, 0, false));
    }

    // Boot memory is d0 and can only be named, not created; the other named things count from 1.
    private static long SmallestId(NameKind kind, bool isNew) =>
        kind == NameKind.RawBlock || (kind == NameKind.Device && !isNew) ? 0 : 1;
}
