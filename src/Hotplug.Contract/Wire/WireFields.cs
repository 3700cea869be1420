namespace Hotplug.Contract.Wire;

/// <summary>The fields that an object of the protocol has, the required ones first.</summary>
/// <param name="required">How many of them must be there.</param>
/// <param name="names">Their names.</param>
internal sealed class WireFields(int required, params string[] names)
{
    private readonly byte[][] _names = [.. names.Select(System.Text.Encoding.UTF8.GetBytes)];

    internal string Known => string.Join(", ", names);

    internal string NameOf(int field) => names[field];

    /// <summary>The field whose name the reader is at; −1 for none.</summary>
    internal int Find(ref System.Text.Json.Utf8JsonReader json)
    {
        for (var i = 0; i < _names.Length; i++)
            if (json.ValueTextEquals(_names[i]))
                return i;
        return -1;
    }

    /// <summary>The first required field that is not in the set; −1 for none.</summary>
    internal int MissingFrom(uint seen)
    {
        for (var i = 0; i < required; i++)
            if ((seen >> i & 1) == 0)
                return i;
        return -1;
    }
}
