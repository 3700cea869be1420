using System.Diagnostics;
using System.Text.Json.Nodes;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>A guest that runs: QEMU, its monitor, and the agent inside.</summary>
internal sealed class Guest : IDisposable
{
    private static readonly TimeSpan s_start = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan s_panic = TimeSpan.FromSeconds(5);

    private readonly GuestProcess _process;

    private Guest(GuestProcess process, QmpClient monitor, AgentClient agent) =>
        (_process, Monitor, Agent) = (process, monitor, agent);

    /// <summary>QEMU's monitor.</summary>
    internal QmpClient Monitor { get; }

    /// <summary>The agent inside.</summary>
    internal AgentClient Agent { get; }

    /// <summary>A directory that lives as long as the guest; in memory where there is some.</summary>
    internal string Directory => _process.Directory;

    /// <summary>The end of what the guest printed on its console.</summary>
    internal string ConsoleTail => _process.ConsoleTail;

    /// <summary>Boots a guest, and waits until its agent reports.</summary>
    internal static Guest Boot(LinuxOptions options, GuestShape shape, string initramfs, TimeSpan limit)
    {
        var guest = Connect(GuestProcess.Start(options, shape, initramfs, saved: null), options);
        try
        {
            guest.Agent.AwaitHello(limit);
            return guest;
        }
        catch (Exception failure) when (failure is DisconnectedException or HarnessException)
        {
            var console = guest.ConsoleTail;
            guest.Dispose();
            throw new HarnessException(
                $"the guest did not boot: {failure.Message}. Its console ends: {LastLines(console, 6)}", failure);
        }
    }

    /// <summary>Starts QEMU from a saved guest. The guest stands still until <see cref="Run"/>.</summary>
    internal static Guest Restore(LinuxOptions options, GuestShape shape, string initramfs, string saved)
    {
        var guest = Connect(GuestProcess.Start(options, shape, initramfs, saved), options);
        try
        {
            var began = Stopwatch.GetTimestamp();
            while (guest.Status == "inmigrate")
            {
                if (Stopwatch.GetElapsedTime(began) > s_start)
                    throw new HarnessException(
                        $"the saved guest is not restored within {s_start.TotalSeconds} s: delete {saved}");
                Pause.For(TimeSpan.FromMilliseconds(2));
            }

            return guest;
        }
        catch (DisconnectedException failure)
        {
            var said = guest._process.QemuTail;
            guest.Dispose();
            throw new HarnessException(
                $"the saved guest cannot be restored: QEMU says '{said.Trim()}'; delete {saved}", failure);
        }
    }

    /// <summary>Lets a restored guest run.</summary>
    internal void Run() => Monitor.Execute("cont");

    /// <summary>Stops the guest and writes all of it to a file.</summary>
    internal void Save(string path)
    {
        Monitor.Execute("stop");
        Monitor.Execute("migrate-set-parameters", new JsonObject { ["max-bandwidth"] = 1L << 40 });
        Monitor.Execute("migrate", new JsonObject { ["uri"] = $"exec:cat >'{path}'" });
        while (true)
        {
            var state = Monitor.Execute("query-migrate")?["status"]?.GetValue<string>();
            if (state == "completed")
                return;
            if (state is "failed" or "cancelled")
                throw new HarnessException($"the booted guest cannot be saved to {path}: is the disk full?");
            Pause.For(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>
    /// A guest that does not answer is made to panic by an NMI, so that its console tells where its CPU was. It is lost
    /// then.
    /// </summary>
    internal string WhereItStands()
    {
        try
        {
            Monitor.Execute("inject-nmi");
            Monitor.NextEvent(s_panic);
            while (Monitor.NextEvent(s_panic) is not null)
            {
                // Until QEMU closes the connection.
            }
        }
        catch (Exception ended) when (ended is DisconnectedException or HarnessException)
        {
            // As asked for.
        }

        return ConsoleTail;
    }

    /// <summary>Kills QEMU; the directory stays.</summary>
    internal void Kill() => _process.Kill();

    public void Dispose()
    {
        Monitor.Dispose();
        Agent.Dispose();
        _process.Dispose();
    }

    /// <summary>The last lines of a text, on one line.</summary>
    internal static string LastLines(string text, int count) => string.Join(" | ", text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(count));

    private string? Status => Monitor.Execute("query-status")?["status"]?.GetValue<string>();

    private static Guest Connect(GuestProcess process, LinuxOptions options)
    {
        QmpClient? monitor = null;
        try
        {
            monitor = QmpClient.Connect(process.MonitorPath, s_start, () => process.HasEnded);
            var line = LineSocket.Connect(process.AgentPath, "the guest's agent", s_start, () => process.HasEnded);
            return new Guest(process, monitor, new AgentClient(line, options.AnswerLimit));
        }
        catch (Exception failure) when (failure is DisconnectedException or HarnessException)
        {
            var said = process.QemuTail;
            monitor?.Dispose();
            process.Dispose();
            throw new HarnessException(
                $"QEMU does not start: {(said.Length > 0 ? said.Trim() : failure.Message)}", failure);
        }
    }
}
