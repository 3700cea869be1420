namespace Hotplug.Adapters.Dll;

/// <summary>A file that no machine can be opened from: the message says which, why, and what to do.</summary>
public sealed class MachineAssemblyException : Exception
{
    /// <summary>With the message.</summary>
    public MachineAssemblyException(string message)
        : base(message)
    {
    }

    /// <summary>With the message and the cause.</summary>
    public MachineAssemblyException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
