namespace Hotplug.Adapters.Qemu;

/// <summary>The guest runs, but its agent does not answer any more.</summary>
/// <param name="message">What it was asked, and how long ago.</param>
internal sealed class SilentAgentException(string message) : Exception(message);
