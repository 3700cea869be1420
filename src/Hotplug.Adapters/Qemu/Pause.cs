namespace Hotplug.Adapters.Qemu;

/// <summary>Waiting for something that sends no event: QEMU and the guest run in real time.</summary>
internal static class Pause
{
    /// <summary>Lets the others run.</summary>
    internal static void For(TimeSpan time) => Task.Delay(time).Wait();
}
