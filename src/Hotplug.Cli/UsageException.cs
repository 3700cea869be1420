namespace Hotplug.Cli;

/// <summary>
/// The caller gave something that cannot be used. The message is one line: the value, what is allowed, the next step.
/// Caught in one place, printed, exit 2.
/// </summary>
public sealed class UsageException : Exception
{
    /// <summary>With that line.</summary>
    public UsageException(string message)
        : base(message)
    {
    }

    /// <summary>With that line and its cause.</summary>
    public UsageException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
