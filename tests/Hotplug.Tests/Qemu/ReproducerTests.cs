using System.Diagnostics;
using Hotplug.Adapters.Qemu;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;

namespace Hotplug.Tests.Qemu;

/// <summary>A reproducer is a claim about a kernel: it is run, and the kernel has to show the failure without
/// us.</summary>
public sealed class ReproducerTests
{
    private const int Shows = 0, ShowsSomethingElse = 1;

    private static readonly string s_folder = Path.Combine(Conventions.Repository.Root, "docs", "findings");
    private static readonly Name s_memory = Name.DeviceMemory(1);
    private static readonly Name s_block = s_memory.WithBlock(0);
    private static readonly Name s_dimm = Name.Device(1);

    /// <summary>Failures of kernels as they are: the kernel, the rule, the operations.</summary>
    public static TheoryData<string, string, Operation[]> Failures { get; } = new()
    {
        {
            "6.1", "poison.page-keeps-flag",
            [
                Operation.Policy(PolicySetting.AutoOffline), Operation.Add(s_dimm, 32768, node: 1),
                Operation.Online(s_dimm.WithBlock(0), OperationKind.OnlineMovable),
                Operation.Poison(s_dimm.WithBlock(0).WithPage(5)),
                Operation.Offline(s_dimm.WithBlock(0)), Operation.Online(s_dimm.WithBlock(0), OperationKind.OnlineMovable),
            ]
        },
        {
            "6.12", "zone.managed-pages",
            [
                Operation.Policy(PolicySetting.AutoOffline), Operation.Plug(s_memory, 1),
                Operation.Online(s_block, OperationKind.OnlineMovable), Operation.Poison(s_block.WithPage(512)),
                Operation.Offline(s_block),
            ]
        },
    };

    /// <summary>What docs/findings keeps: every finding in a real kernel as a script; its name ends with the kernel.</summary>
    public static TheoryData<string> Findings { get; } =
        [.. Directory.GetFiles(s_folder, "*.sh").Order(StringComparer.Ordinal).Select(static f => Path.GetFileName(f))];

    [LiveShellTheory]
    [MemberData(nameof(Findings))]
    public void A_finding_shows_when_its_stored_script_is_run(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var options = LiveKernel.Find(name[(name.LastIndexOf('-') + 1)..]);
        var script = File.ReadAllText(Path.Combine(s_folder, file));
        var (code, said) = Run(options, script);
        // What takes luck may not show within two guests; that it can be tried is claimed all the same.
        var takesLuck = !script.Contains("TRIES=${TRIES:-1}", StringComparison.Ordinal);
        Assert.True(code == Shows || (takesLuck && code == ShowsSomethingElse), said);
    }

    [Fact]
    public void Every_finding_has_its_operations_and_its_script()
    {
        var traces = Directory.GetFiles(s_folder, "*.trace").Select(Path.GetFileNameWithoutExtension);
        var scripts = Directory.GetFiles(s_folder, "*.sh").Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(traces.Order(StringComparer.Ordinal), scripts.Order(StringComparer.Ordinal));
    }

    [LiveShellTheory]
    [MemberData(nameof(Failures))]
    public void A_reproducer_shows_the_failure_without_us(string version, string rule, Operation[] operations)
    {
        var options = LiveKernel.Find(version);
        var script = ScriptOf(options, rule, operations);
        var (code, said) = Run(options, script);
        Assert.True(code == Shows, said);
        Assert.Contains("The kernel shows the same failure.", said, StringComparison.Ordinal);
    }

    [LiveShellTheory]
    [MemberData(nameof(Failures))]
    public void A_kernel_that_does_not_fail_so_is_told_apart(string version, string rule, Operation[] operations)
    {
        var options = LiveKernel.Find(version);
        var lines = ScriptOf(options, rule, operations).Split('\n');
        // Without the page that fails there is nothing to show.
        var harmless = string.Join('\n', lines.Where(static l => !l.Contains("corrupt-pfn", StringComparison.Ordinal)));
        Assert.Equal(ShowsSomethingElse, Run(options, harmless).Code);
    }

    private static string ScriptOf(LinuxOptions options, string rule, Operation[] operations)
    {
        using var machine = new LinuxMachine(options);
        var spec = LinuxMachine.SpecsOf(machine.Identity.Version)[0];
        var result = new Runner(machine, new Suite(new ReferenceModel(), Catalogue.All))
            .Run(spec, new Hotplug.Engine.Run.TraceSource([.. operations]), operations.Length);
        Assert.Equal(rule, result.Violation?.Rule);
        Assert.True(Reproducer.TryPrint(spec, machine.Dialect, machine.Lines, result.Violation!, out var script), script);
        return script;
    }

    private static (int Code, string Said) Run(LinuxOptions options, string script)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, script);
            var start = new ProcessStartInfo("/bin/bash", [file])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            };
            start.Environment["KERNEL"] = options.Kernel;
            start.Environment["MODULES"] = options.Modules;
            start.Environment["QEMU"] = options.Qemu;
            start.Environment["BUSYBOX"] = LiveKernel.Busybox;
            if (script.Contains("TRIES=${TRIES:-12}", StringComparison.Ordinal))
                start.Environment["TRIES"] = "2";
            using var shell = Process.Start(start)!;
            var errors = shell.StandardError.ReadToEndAsync();
            var said = shell.StandardOutput.ReadToEnd();
            shell.WaitForExit();
            return (shell.ExitCode, said + errors.GetAwaiter().GetResult());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
