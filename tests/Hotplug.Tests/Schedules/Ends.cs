using Xunit;

namespace Hotplug.Tests.Schedules;

/// <summary>
/// Threads that hand over to each other may end up waiting for each other. A test that could is run where it can be given
/// up: it fails, and does not hang.
/// </summary>
internal static class Ends
{
    // A hundred times what the slowest takes on a machine with much else to do.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(45);

    /// <summary>Runs the test; what it throws is thrown here.</summary>
    internal static void InTime(Action test)
    {
        var done = Task.Factory.StartNew(test, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(Task.WaitAny([done], s_patience) == 0, "it does not end: CPUs wait for each other, or go on for ever");
        done.GetAwaiter().GetResult();
    }
}
