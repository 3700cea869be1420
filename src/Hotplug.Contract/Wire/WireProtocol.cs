namespace Hotplug.Contract.Wire;

/// <summary>The numbers and words of the protocol; PROTOCOL.md, beside this file, tells what they mean.</summary>
public static class WireProtocol
{
    /// <summary>The version that this code speaks.</summary>
    public const int Version = 1;

    /// <summary>Bytes of the longest request line, its end not counted.</summary>
    public const int MostRequestBytes = 64 * 1024;

    /// <summary>Bytes of the longest reply line, its end not counted.</summary>
    public const int MostReplyBytes = 16 * 1024 * 1024;

    /// <summary>The largest number of a page: every JSON library keeps integers up to here.</summary>
    public const long LargestNumber = (1L << 53) - 1;

    /// <summary>
    /// Capability: the peer can be reset any number of times. Without it every reset is a new process.
    /// </summary>
    public const string ResetCapability = "reset";

    /// <summary>Capability: the peer can send only what changed since it was last observed.</summary>
    public const string ChangesCapability = "changes";

    /// <summary>Error: the line is not a JSON object of one request, or one of its fields is wrong.</summary>
    public const string MalformedError = "malformed";

    /// <summary>Error: no such request.</summary>
    public const string UnknownRequestError = "unknown-request";

    /// <summary>Error: the peer does not speak that version.</summary>
    public const string VersionError = "version";

    /// <summary>Error: the line is longer than <see cref="MostRequestBytes"/>.</summary>
    public const string TooLongError = "too-long";

    /// <summary>Error: there is no machine yet.</summary>
    public const string NotResetError = "not-reset";

    /// <summary>Error: the peer cannot be such a machine. Nothing is known of it then; it is no violation.</summary>
    public const string RefusedError = "refused";
}
