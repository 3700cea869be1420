using System.Text;
using System.Text.Json;

namespace Hotplug.Adapters.Recording;

/// <summary>One line of a recording file: what error messages point into.</summary>
internal sealed record Place(string File, int Line, ReadOnlyMemory<byte> Text)
{
    /// <summary>An error at the first mention of the field on this line.</summary>
    public RecordingFormatException Fail(string field, string problem) =>
        new(File, Line, Math.Max(0, Text.Span.IndexOf(Encoding.UTF8.GetBytes($"\"{field}\""))) + 1, problem);
}

/// <summary>
/// A JSON object of a recording, read field by field; whatever is not as expected is named with its place.
/// </summary>
internal readonly struct Fields(JsonElement element, Place place)
{
    /// <summary>The line it stands on.</summary>
    public Place Place => place;

    /// <summary>True if the field is there and not null.</summary>
    public bool Has(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The field as it is.</summary>
    public JsonElement Raw(string name) => element.TryGetProperty(name, out var value)
        ? value
        : throw place.Fail(name, $"the field '{name}' is missing");

    /// <summary>An object.</summary>
    public Fields Inner(string name) => new(Of(name, JsonValueKind.Object, "an object"), place);

    /// <summary>A string.</summary>
    public string Text(string name) => Of(name, JsonValueKind.String, "a string").GetString()!;

    /// <summary>A whole number.</summary>
    public long Number(string name) => ToNumber(Of(name, JsonValueKind.Number, "a number"), name, place);

    /// <summary>A whole number from 0 to <paramref name="most"/>.</summary>
    public long Number(string name, long most)
    {
        var number = Number(name);
        return number >= 0 && number <= most
            ? number
            : throw place.Fail(name, $"'{name}' is {number}: expected 0 to {most}");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string name) => Raw(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw place.Fail(name, $"'{name}' is {Raw(name).GetRawText()}: expected true or false"),
    };

    /// <summary>An array.</summary>
    public JsonElement.ArrayEnumerator Items(string name) => Of(name, JsonValueKind.Array, "an array").EnumerateArray();

    /// <summary>The fields of an object, in order.</summary>
    public JsonElement.ObjectEnumerator Members(string name) =>
        Of(name, JsonValueKind.Object, "an object").EnumerateObject();

    /// <summary>An array inside an array, with at least <paramref name="length"/> items.</summary>
    public static JsonElement Row(JsonElement row, int length, string field, Place place) =>
        row.ValueKind == JsonValueKind.Array && row.GetArrayLength() >= length
            ? row
            : throw place.Fail(field, $"an entry of '{field}' is {Shorten(row)}: expected an array of {length}");

    /// <summary>A whole number anywhere.</summary>
    public static long ToNumber(JsonElement value, string field, Place place) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : throw place.Fail(field, $"'{field}' holds {Shorten(value)}: expected a whole number");

    /// <summary>A string anywhere.</summary>
    public static string ToText(JsonElement value, string field, Place place) =>
        value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw place.Fail(field, $"'{field}' holds {Shorten(value)}: expected a string");

    private JsonElement Of(string name, JsonValueKind kind, string expected)
    {
        var value = Raw(name);
        return value.ValueKind == kind
            ? value
            : throw place.Fail(name, $"'{name}' is {Shorten(value)}: expected {expected}");
    }

    private static string Shorten(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }
}
