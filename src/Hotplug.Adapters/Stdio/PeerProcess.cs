using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Stdio;

/// <summary>
/// The process of a peer, and everything that it starts: a process group of its own, which never outlives its owner.
/// </summary>
internal sealed class PeerProcess : IDisposable
{
    private const int MostErrorBytes = 8 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly int _id;
    private readonly bool _leadsGroup;
    private readonly byte[] _errors = new byte[MostErrorBytes];
    private readonly Thread _errorReader;
    private long _errorBytes;

    private PeerProcess(Process process, bool leadsGroup)
    {
        _process = process;
        _id = process.Id;
        _leadsGroup = leadsGroup;
        _errorReader = new Thread(KeepErrors) { IsBackground = true, Name = "stderr of a peer" };
        _errorReader.Start();
        AppDomain.CurrentDomain.ProcessExit += KillAtExit;
    }

    /// <summary>Its standard input.</summary>
    internal Stream Input => _process.StandardInput.BaseStream;

    /// <summary>Its standard output.</summary>
    internal Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Starts the program. Throws <see cref="HarnessException"/> if it cannot be started.</summary>
    internal static PeerProcess Start(PeerCommand command, string? folder)
    {
        var program = Executable.Find(command.Words[0], folder)
            ?? throw new HarnessException(
                $"stdio: no program '{command.Words[0]}'; name one that exists and may be executed");
        // setsid makes the program the leader of a session: what it starts can be killed with it, and a Ctrl-C at the
        // terminal reaches us alone.
        var leader = OperatingSystem.IsWindows() ? null : Executable.Find("setsid", null);
        var start = new ProcessStartInfo(leader ?? program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? "",
        };
        if (leader is not null)
            start.ArgumentList.Add(program);
        foreach (var argument in command.Words.Skip(1))
            start.ArgumentList.Add(argument);
        try
        {
            return new PeerProcess(Process.Start(start)!, leader is not null);
        }
        catch (Win32Exception refused)
        {
            throw new HarnessException($"stdio: '{command}' cannot be started ({refused.Message}); "
                + "check that it is a program for this machine", refused);
        }
    }

    /// <summary>Kills the process and everything that it started. May be called at any time, by any thread.</summary>
    internal void Kill()
    {
        try
        {
            // First the tree, whose roots must still be there to be followed; it reads the whole process table.
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended by itself meanwhile.
        }

        if (_leadsGroup)
            ProcessGroup.Kill(_id);
    }

    /// <summary>Its exit code, waiting a little for it; null: it is still there.</summary>
    internal int? WaitForExit() => _process.WaitForExit(s_patience) ? _process.ExitCode : null;

    /// <summary>The end of what it wrote to standard error.</summary>
    internal string ErrorTail()
    {
        _errorReader.Join(s_patience);
        lock (_errors)
        {
            var kept = (int)Math.Min(_errorBytes, MostErrorBytes);
            var tail = new byte[kept];
            for (var i = 0; i < kept; i++)
                tail[i] = _errors[(int)((_errorBytes - kept + i) % MostErrorBytes)];
            return Encoding.UTF8.GetString(tail).TrimEnd();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= KillAtExit;
        Kill();
        _process.WaitForExit(s_patience);
        _errorReader.Join(s_patience);
        _process.Dispose();
    }

    private void KillAtExit(object? sender, EventArgs exit) => Kill();

    private void KeepErrors()
    {
        var buffer = new byte[1024];
        try
        {
            while (_process.StandardError.BaseStream.Read(buffer) is > 0 and var read)
                lock (_errors)
                    for (var i = 0; i < read; i++)
                        _errors[(int)(_errorBytes++ % MostErrorBytes)] = buffer[i];
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process is being disposed of.
        }
    }
}
