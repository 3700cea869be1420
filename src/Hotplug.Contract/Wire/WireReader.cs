using System.Text;
using System.Text.Json;

namespace Hotplug.Contract.Wire;

/// <summary>
/// Reads one line strictly: what is not expected is refused with the place where it stands, such as
/// <c>observation.blocks[2].pages[0][1]</c>. The reader always is at the value to be read next.
/// </summary>
internal ref struct WireReader
{
    private readonly WirePath _path;
    private Utf8JsonReader _json;
    private bool _tupleEnded;

    internal WireReader(ReadOnlySpan<byte> line, WirePath path)
    {
        _json = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 16 });
        _path = path;
        _path.Clear();
        Advance();
    }

    internal readonly bool IsNull => _json.TokenType == JsonTokenType.Null;

    /// <summary>Enters an object; then <see cref="NextField"/> until it is false.</summary>
    internal readonly void BeginObject()
    {
        Expect(JsonTokenType.StartObject, "an object");
        _path.Enter();
    }

    /// <summary>
    /// Goes to the value of the first field, whose name tells what the object is; −1: it has none. False: a name that
    /// is not one of these.
    /// </summary>
    internal bool TryName(WireFields fields, ref uint seen, out int field)
    {
        Advance();
        field = -1;
        if (_json.TokenType == JsonTokenType.EndObject)
            return true;
        field = fields.Find(ref _json);
        if (field < 0)
            return false;
        seen |= 1u << field;
        _path.At(fields.NameOf(field));
        Advance();
        return true;
    }

    /// <summary>
    /// Goes to the value of the next field; false at the end of the object, where every required one was seen.
    /// </summary>
    internal bool NextField(WireFields fields, ref uint seen, out int field)
    {
        Advance();
        field = -1;
        if (_json.TokenType == JsonTokenType.EndObject)
        {
            _path.Leave();
            return fields.MissingFrom(seen) is >= 0 and var missing
                ? throw Wrong($"field '{fields.NameOf(missing)}' is missing")
                : false;
        }

        field = fields.Find(ref _json);
        _path.AtNone();
        if (field < 0)
            throw Wrong($"unknown field '{Shorten(Decoded())}'; known: {fields.Known}");
        _path.At(fields.NameOf(field));
        if ((seen >> field & 1) != 0)
            throw Wrong("is there twice");
        seen |= 1u << field;
        Advance();
        return true;
    }

    /// <summary>Enters an array; then <see cref="NextItem"/> until it is false.</summary>
    internal readonly void BeginArray()
    {
        Expect(JsonTokenType.StartArray, "an array");
        _path.Enter();
    }

    /// <summary>Goes to the next item of the array.</summary>
    internal bool NextItem()
    {
        Advance();
        if (_json.TokenType == JsonTokenType.EndArray)
        {
            _path.Leave();
            return false;
        }

        _path.Next();
        return true;
    }

    /// <summary>Enters an array of fixed places; then the <c>Item</c> methods, then <see cref="EndTuple"/>.</summary>
    internal void BeginTuple()
    {
        BeginArray();
        _tupleEnded = false;
    }

    /// <summary>
    /// Goes to the next place of a tuple; false if it ended before, which leaves that place its default.
    /// </summary>
    internal bool TryItem()
    {
        if (_tupleEnded)
            return false;
        Advance();
        _tupleEnded = _json.TokenType == JsonTokenType.EndArray;
        if (!_tupleEnded)
            _path.Next();
        return !_tupleEnded;
    }

    /// <summary>The number in the next place of a tuple.</summary>
    internal long ItemNumber(long low, long high)
    {
        if (!TryItem())
            throw Wrong("has too few items");
        return Number(low, high);
    }

    internal void EndTuple()
    {
        if (TryItem())
            throw Wrong("is one item too many");
        _path.Leave();
    }

    /// <summary>A range: <c>[start, count]</c>.</summary>
    internal PageRange Range()
    {
        BeginTuple();
        var range = ItemRange();
        EndTuple();
        return range;
    }

    /// <summary>A range in the next two places of a tuple.</summary>
    internal PageRange ItemRange() =>
        new(ItemNumber(0, WireProtocol.LargestNumber), ItemNumber(0, WireProtocol.LargestNumber));

    internal readonly long Number(long low, long high)
    {
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var number) || number < low
            || number > high)
            throw Wrong($"{Shown()}: allowed is a whole number from {low} to {high}");
        return number;
    }

    internal readonly bool Boolean() => _json.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Wrong($"{Shown()}: allowed is true or false"),
    };

    internal readonly string Text(int longest)
    {
        Expect(JsonTokenType.String, "a string");
        var text = Decoded();
        return text.Length <= longest ? text : throw Wrong($"has {text.Length} characters: allowed are {longest}");
    }

    internal T Word<T>()
        where T : unmanaged, Enum
    {
        Expect(JsonTokenType.String, "a string");
        return WireWords<T>.TryRead(ref _json, out var value, out var allowed)
            ? value
            : throw Wrong($"{Shown()}: allowed is {allowed}");
    }

    internal readonly Errno Errno() => ErrnoText.TryParse(Text(int.MaxValue), out var errno)
        ? errno
        : throw Wrong($"{Shown()}: allowed is ok, or an errno such as EBUSY or errno-77");

    /// <summary>The line must end here.</summary>
    internal void EndLine()
    {
        try
        {
            if (!_json.Read())
                return;
        }
        catch (JsonException more)
        {
            throw new WireException($"column {more.BytePositionInLine + 1}: text after the object", more);
        }

        throw Wrong("text after the object");
    }

    internal readonly WireException Wrong(string what) => new($"{_path}: {what}");

    /// <summary>The text of the value at hand, for messages.</summary>
    internal readonly string Shown() => _json.TokenType switch
    {
        JsonTokenType.String => $"'{Shorten(Decoded())}'",
        JsonTokenType.StartObject or JsonTokenType.EndObject => "an object",
        JsonTokenType.StartArray or JsonTokenType.EndArray => "an array",
        _ => Shorten(Encoding.UTF8.GetString(_json.ValueSpan)),
    };

    private readonly string Decoded()
    {
        try
        {
            return _json.GetString()!;
        }
        catch (InvalidOperationException broken)
        {
            throw new WireException($"{_path}: a string that is no UTF-8", broken);
        }
    }

    private readonly void Expect(JsonTokenType type, string what)
    {
        if (_json.TokenType != type)
            throw Wrong($"{Shown()}: allowed is {what}");
    }

    private void Advance()
    {
        try
        {
            if (!_json.Read())
                throw new WireException("an empty line");
        }
        catch (JsonException malformed)
        {
            throw new WireException($"column {malformed.BytePositionInLine + 1}: no JSON ({Reason(malformed)})",
                malformed);
        }
    }

    // The framework's own sentence, without the place that it adds.
    private static string Reason(JsonException malformed) => malformed.Message.Split(" LineNumber", 2)[0];

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}

/// <summary>Where in a line a reader is; kept by the owner of the reader, reused.</summary>
internal sealed class WirePath
{
    private readonly (string? Name, int Index)[] _steps = new (string?, int)[20];
    private int _depth;

    internal void Clear() => _depth = 0;

    internal void Enter() => _steps[++_depth] = (null, -1);

    internal void Leave() => _depth--;

    internal void At(string name) => _steps[_depth] = (name, -1);

    internal void AtNone() => _steps[_depth] = (null, -1);

    internal void Next() => _steps[_depth].Index++;

    public override string ToString()
    {
        var text = new StringBuilder();
        for (var i = 1; i <= _depth; i++)
            if (_steps[i].Name is { } name)
                text.Append(text.Length > 0 ? "." : "").Append(name);
            else if (_steps[i].Index >= 0)
                text.Append('[').Append(_steps[i].Index).Append(']');
        return text.Length == 0 ? "the line" : text.ToString();
    }
}
