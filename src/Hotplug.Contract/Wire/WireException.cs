namespace Hotplug.Contract.Wire;

/// <summary>A line that is not of the protocol: the message names the field and what is allowed there.</summary>
public sealed class WireException : Exception
{
    /// <summary>With that message.</summary>
    public WireException(string message)
        : base(message)
    {
    }

    /// <summary>With that message and its cause.</summary>
    public WireException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

/// <summary>An error that the peer replied with, in place of what was asked for.</summary>
/// <param name="code">One of the error words of <see cref="WireProtocol"/>.</param>
/// <param name="message">The peer's words.</param>
public sealed class PeerErrorException(string code, string message) : Exception($"{code}: {message}")
{
    /// <summary>One of the error words of <see cref="WireProtocol"/>.</summary>
    public string Code { get; } = code;
}
