namespace FsCheck.Xunit;

/// <summary>A property does not hold: the message is FsCheck's, with the counterexample and the seeds.</summary>
public sealed class PropertyFailedException : Exception
{
    /// <summary>Without details.</summary>
    public PropertyFailedException()
    {
    }

    /// <summary>With FsCheck's message.</summary>
    public PropertyFailedException(string message)
        : base(message)
    {
    }

    /// <summary>With FsCheck's message and what the property threw.</summary>
    public PropertyFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
