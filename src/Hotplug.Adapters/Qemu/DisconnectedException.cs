namespace Hotplug.Adapters.Qemu;

/// <summary>
/// The other side of a connection is gone: QEMU or the guest ended. Whoever knows the guest's console says why.
/// </summary>
internal sealed class DisconnectedException : Exception
{
    internal DisconnectedException(string message)
        : base(message)
    {
    }

    internal DisconnectedException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
