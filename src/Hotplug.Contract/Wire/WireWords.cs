using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Hotplug.Contract.Wire;

/// <summary>
/// The words of an enumeration whose values are bytes counted from 0, ready to be written and compared.
/// </summary>
/// <typeparam name="T">The enumeration.</typeparam>
internal static class WireWords<T>
    where T : unmanaged, Enum
{
    private static readonly string[] s_words = [.. Words.AllOf<T>()];
    private static readonly JsonEncodedText[] s_encoded = [.. s_words.Select(static w => JsonEncodedText.Encode(w))];

    internal static JsonEncodedText Of(T value) => s_encoded[Unsafe.As<T, byte>(ref value)];

    /// <summary>
    /// The value of the string that the reader is at; false: <paramref name="allowed"/> lists the words.
    /// </summary>
    internal static bool TryRead(ref Utf8JsonReader json, out T value, out string allowed)
    {
        allowed = "";
        for (var i = 0; i < s_encoded.Length; i++)
            if (json.ValueTextEquals(s_encoded[i].EncodedUtf8Bytes))
            {
                var number = (byte)i;
                value = Unsafe.As<byte, T>(ref number);
                return true;
            }

        value = default;
        allowed = string.Join(", ", s_words);
        return false;
    }
}
