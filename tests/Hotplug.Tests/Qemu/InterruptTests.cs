using System.Diagnostics;
using Hotplug.Adapters.Qemu;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Qemu;

/// <summary>However we end, QEMU ends with us and nothing of it stays on the disk.</summary>
public sealed class InterruptTests : IDisposable
{
    private const int Inconclusive = 3;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("hotplug-interrupt-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [LiveKernelTheory]
    [InlineData("INT")]
    [InlineData("KILL")]
    public void Neither_QEMU_nor_its_files_outlive_us(string signal)
    {
        // Saved guests are there from now on: the process below restores, and does not boot.
        using (var machine = new LinuxMachine(LiveKernel.Find("6.12")))
            machine.Reset(LinuxMachine.SpecsOf(machine.Identity.Version)[0]);
        using var gate = Start();
        var guest = Await(() => GuestOf(gate.Id), static found => found is not null)!.Value;
        using (var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {gate.Id}"]))
            kill.WaitForExit();
        if (!gate.WaitForExit(s_patience))
        {
            gate.Kill();
            Assert.Fail($"it goes on {s_patience.TotalMinutes} minutes after SIG{signal}");
        }

        if (signal == "INT")
            Assert.Equal(Inconclusive, gate.ExitCode);
        Assert.True(Await(() => Directory.Exists(guest.Directory), static there => !there) == false);
        Assert.True(Await(() => Directory.Exists($"/proc/{guest.Supervisor}"), static there => !there) == false);
    }

    private Process Start()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "hotplug.dll");
        // Who runs us in the background has us ignore SIGINT, and all that we start: this one shall hear it.
        var start = new ProcessStartInfo("env",
            ["--default-signal=INT", "dotnet", program, "gate", "--target", "linux", "--kernel-version", "6.12", "--budget", "1000", "--database",
                Path.Combine(_folder, "database"), "--out", Path.Combine(_folder, "out")])
        {
            WorkingDirectory = Conventions.Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    // The supervisor of a guest is a shell, our process's child, with the guest's directory among its arguments.
    private static (int Supervisor, string Directory)? GuestOf(int parent)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), out var process) && ParentOf(directory) == parent
                && Words(directory) is var words && Array.IndexOf(words, "hotplug-guest") is >= 0 and var at)
                return (process, words[at + 1]);
        return null;
    }

    private static int ParentOf(string process)
    {
        var stat = Read(Path.Combine(process, "stat"));
        var words = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 1 ? int.Parse(words[1]) : -1;
    }

    private static string[] Words(string process) => Read(Path.Combine(process, "cmdline")).Split('\0');

    // Processes end while they are looked at.
    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    // Looks until it is so, and at the latest when patience ends.
    private static T Await<T>(Func<T> look, Func<T, bool> isSo)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var seen = look();
            if (isSo(seen) || Stopwatch.GetElapsedTime(began) > s_patience)
                return seen;
            Thread.Yield();
        }
    }
}
