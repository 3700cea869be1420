using Hotplug.Contract.Operations;

namespace Hotplug.Contract.Traces;

/// <summary>Parses one operation, as <see cref="OperationTable.Print"/> writes it.</summary>
internal static class OperationText
{
    /// <summary>Reads the line that <see cref="OperationTable.Print"/> writes; null if it is one.</summary>
    internal static TextError? TryParse(string text, out Operation operation)
    {
        var tokens = TraceText.Tokens(text);
        operation = default;
        return tokens.Count == 0 ? new TextError(1, 1, "no operation") : TryParse(tokens, 1, out operation);
    }

    internal static TextError? TryParse(List<Token> tokens, int line, out Operation operation)
    {
        operation = default;
        var form = OperationTable.Find(tokens[0].Text);
        if (form is null)
            return new TextError(line, tokens[0].Column,
                $"unknown operation '{TraceText.Shorten(tokens[0].Text)}'; known: {string.Join(", ", OperationTable.Forms.Select(static f => f.Word))}");
        operation = Defaults(form);
        var next = 1;
        if (form.Subject != SubjectKind.None)
        {
            if (tokens.Count < 2)
                return new TextError(line, tokens[0].Column, $"'{form.Word}' needs a subject: {Describe(form.Subject)}");
            if (!Name.TryParse(tokens[1].Text, out var subject) || !Fits(form.Subject, subject))
                return new TextError(line, tokens[1].Column, $"'{TraceText.Shorten(tokens[1].Text)}': '{form.Word}' names {Describe(form.Subject)}");
            operation = operation with { Subject = subject };
            next = 2;
        }

        var seen = new HashSet<string>();
        for (; next < tokens.Count; next++)
            if (ParseArgument(form, tokens[next], line, seen, ref operation) is { } error)
                return error;
        var missing = form.Parameters.FirstOrDefault(p => p.Default is null && !seen.Contains(p.Key));
        return missing is null ? null
            : new TextError(line, tokens[0].Column, $"'{form.Word}' needs {missing.Key}=: {Allowed(missing)}");
    }

    /// <summary>True if the name is of the form that the operation may name.</summary>
    internal static bool Fits(SubjectKind kind, Name name) => kind switch
    {
        SubjectKind.NewDevice => name is { Kind: NameKind.Device, Id: > 0, Block: < 0 },
        SubjectKind.Device => name is { Kind: NameKind.Device, Block: < 0 },
        SubjectKind.DeviceOrBlock => name.IsBlock || name is { Kind: NameKind.Device, Block: < 0 },
        SubjectKind.Block => name.IsBlock,
        SubjectKind.Page => name.IsPage,
        SubjectKind.NewAllocation or SubjectKind.Allocation => name is { Kind: NameKind.Allocation, Page: < 0 },
        SubjectKind.DeviceMemory => name is { Kind: NameKind.DeviceMemory, Block: < 0 },
        _ => name.Kind == NameKind.None,
    };

    private static string Describe(SubjectKind kind) => kind switch
    {
        SubjectKind.NewDevice => "a new device, such as d1",
        SubjectKind.Device => "a device, such as d1",
        SubjectKind.DeviceOrBlock => "a device or one of its blocks, such as d1 or d1.b2",
        SubjectKind.Block => "a memory block, such as d1.b2, m1.b0 or #40",
        SubjectKind.Page => "a page, such as d1.b2+5, a3[17] or @1310720",
        SubjectKind.NewAllocation => "a new allocation, such as a3",
        SubjectKind.Allocation => "an allocation, such as a3",
        _ => "a device memory, such as m1",
    };

    private static Operation Defaults(OperationForm form)
    {
        var operation = new Operation { Kind = form.Kind };
        foreach (var parameter in form.Parameters)
            if (parameter.Field != OperationField.At)
                operation = OperationTable.With(operation, parameter.Field, parameter.Default ?? 0);
        return operation;
    }

    private static TextError? ParseArgument(OperationForm form, Token token, int line, HashSet<string> seen, ref Operation operation)
    {
        var equals = token.Text.IndexOf('=');
        var key = equals < 0 ? token.Text : token.Text[..equals];
        var parameter = form.Parameters.FirstOrDefault(p => p.Key == key);
        if (equals < 1 || parameter is null)
            return new TextError(line, token.Column, form.Parameters.IsEmpty
                ? $"'{TraceText.Shorten(token.Text)}': '{form.Word}' takes no arguments"
                : $"'{TraceText.Shorten(token.Text)}': '{form.Word}' takes key=value with {string.Join(", ", form.Parameters.Select(static p => p.Key))}");
        if (!seen.Add(key))
            return new TextError(line, token.Column, $"'{key}' is given twice");
        var value = token.Text[(equals + 1)..];
        if (parameter.Field == OperationField.At)
        {
            if (!Name.TryParse(value, out var at) || !(at.IsPage || at.IsBlock))
                return new TextError(line, token.Column + equals + 1, $"'{TraceText.Shorten(value)}': {Allowed(parameter)}");
            operation = operation with { At = at };
            return null;
        }

        if (!TryNumber(parameter, value, out var number))
            return new TextError(line, token.Column + equals + 1, $"'{TraceText.Shorten(value)}': {Allowed(parameter)}");
        operation = OperationTable.With(operation, parameter.Field, number);
        return null;
    }

    private static bool TryNumber(OperationParameter parameter, string value, out long number)
    {
        if (parameter.Field == OperationField.Errno)
        {
            var known = ErrnoText.TryParse(value, out var errno);
            number = (long)errno;
            return known;
        }

        if (!parameter.Words.IsEmpty)
        {
            number = parameter.Words.IndexOf(value);
            return number >= 0;
        }

        return long.TryParse(value, out number) && number >= parameter.Low && number <= parameter.High;
    }

    private static string Allowed(OperationParameter parameter) => parameter.Field switch
    {
        OperationField.At => "allowed is a block or a page, such as d1.b2, d1.b2+5, #40 or @1310720",
        OperationField.Errno => "allowed is an errno such as EBUSY, or errno-77, or ok",
        _ when !parameter.Words.IsEmpty => $"allowed is {string.Join(", ", parameter.Words)}",
        _ => $"allowed is a number from {parameter.Low} to {parameter.High}",
    };
}
