using Hotplug.Contract.Operations;

namespace Hotplug.Cli.Commands;

/// <summary>The form of an operation, as documentation prints it: <c>add DEVICE pages=N [node=0] …</c>.</summary>
internal static class FormText
{
    internal static string Of(OperationForm form) =>
        string.Join(' ', [form.Word, .. Subject(form.Subject), .. form.Parameters.Select(Of)]);

    /// <summary>What a parameter may hold, in words.</summary>
    internal static string Allowed(OperationParameter parameter) => parameter.Field switch
    {
        OperationField.At => "a block or a page: d1.b2, d1.b2+5, #40, @1310720",
        OperationField.Errno => "an errno: EBUSY, errno-77, ok",
        _ when !parameter.Words.IsEmpty => string.Join(", ", parameter.Words),
        _ when parameter.High is long.MaxValue or int.MaxValue => $"{parameter.Low} and more",
        _ => $"{parameter.Low} to {parameter.High}",
    };

    /// <summary>The value that stands for an absent key; null if it must be given.</summary>
    internal static string? Default(OperationParameter parameter) =>
        parameter.Default is not { } number ? null
        : parameter.Field == OperationField.At ? "none"
        : parameter.Words.IsEmpty ? number.ToString() : parameter.Words[(int)number];

    private static string Of(OperationParameter parameter) => Default(parameter) is { } value
        ? $"[{parameter.Key}={value}]"
        : $"{parameter.Key}=…";

    private static string[] Subject(SubjectKind kind) => kind switch
    {
        SubjectKind.None => [],
        SubjectKind.NewDevice or SubjectKind.Device => ["d1"],
        SubjectKind.DeviceOrBlock => ["d1|d1.b2"],
        SubjectKind.Block => ["d1.b2"],
        SubjectKind.Page => ["d1.b2+5|a3[17]"],
        SubjectKind.NewAllocation or SubjectKind.Allocation => ["a3"],
        _ => ["m1"],
    };
}
