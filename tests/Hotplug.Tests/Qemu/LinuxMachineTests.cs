using System.Text;
using Hotplug.Adapters.Kernel;
using Hotplug.Adapters.Qemu;
using Hotplug.Adapters.Recording;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators.Kernels;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;

namespace Hotplug.Tests.Qemu;

public sealed class LinuxMachineTests
{
    private static readonly Name s_dimm = Name.Device(1);

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void A_live_kernel_conforms(string version)
    {
        var gate = new Gate(() =>
        {
            var machine = new LinuxMachine(LiveKernel.Find(version));
            return new Rig(machine, SuiteOf(machine), new KernelSequences(LinuxMachine.SpecsOf(machine.Identity.Version)));
        });
        var result = gate.Run(new GateOptions { Seed = 1, Sequences = 6, OperationsPerSequence = 8, Reruns = 2 });
        Assert.True(result.Verdict == Verdict.Conforms, result.Failure?.Violation.ToString());
        Assert.True(result.Shares.Sum(static s => s.Invariant.Family == Family.Notifiers ? s.Count : 0) > 0);
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void A_pinned_page_keeps_its_block_online_until_it_is_put(string version)
    {
        using var machine = new LinuxMachine(LiveKernel.Find(version));
        var page = Name.Allocation(1).WithPage(3);
        var result = Run(machine,
            Operation.Policy(PolicySetting.AutoOffline), Operation.Add(s_dimm, 32768, node: 1),
            Operation.Online(s_dimm.WithBlock(0), OperationKind.OnlineMovable),
            Operation.Alloc(Name.Allocation(1), 100, node: 1), Operation.Get(page),
            Operation.Offline(s_dimm.WithBlock(0)), Operation.Put(page), Operation.Offline(s_dimm.WithBlock(0)));
        Assert.True(result.Verdict == Verdict.Conforms, result.Violation?.ToString());
        Assert.Equal(Answer.Unfinished, result.Answers[5]);
        Assert.Equal(Answer.Ok, result.Answers[7]);
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void Memory_that_runs_out_is_refused_and_the_guest_goes_on(string version)
    {
        const int MoreThanHalf = 60_000;
        using var machine = new LinuxMachine(LiveKernel.Find(version));
        var result = Run(machine,
            Operation.Alloc(Name.Allocation(1), MoreThanHalf, AllocationKind.Unmigratable, node: 0),
            Operation.Alloc(Name.Allocation(2), MoreThanHalf, AllocationKind.Unmigratable, node: 0),
            Operation.Add(s_dimm, 32768, node: 1));
        Assert.True(result.Verdict == Verdict.Conforms, result.Violation?.ToString());
        Assert.Equal([Answer.Ok, Answer.Of(Errno.ENOMEM), Answer.Ok], result.Answers.ToArray());
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    public void What_does_not_finish_is_told_with_where_it_stands(string version)
    {
        using var machine = new LinuxMachine(LiveKernel.Find(version));
        var block = s_dimm.WithBlock(0);
        var result = Run(machine,
            Operation.Policy(PolicySetting.AutoOffline), Operation.Add(s_dimm, 32768, node: 1),
            Operation.Online(block, OperationKind.OnlineMovable), Operation.Alloc(Name.Allocation(1), 100, node: 1),
            Operation.Get(Name.Allocation(1).WithPage(3)), Operation.Eject(s_dimm));
        Assert.True(result.Verdict == Verdict.Conforms, result.Violation?.ToString());
        Assert.Equal(Answer.Pending, result.Answers[^1]);
        var told = Assert.Single(machine.Figures.Unfinished).Key;
        Assert.StartsWith("del: not finished yet: worker kacpi_hotplug", told, StringComparison.Ordinal);
        Assert.Contains("offline_pages < ", told, StringComparison.Ordinal);
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void What_is_recorded_is_judged_as_it_was_live(string version)
    {
        using var machine = new LinuxMachine(LiveKernel.Find(version));
        var live = Run(machine,
            Operation.Add(s_dimm, 65536, node: 1), Operation.Resize(Name.DeviceMemory(1), 40),
            Operation.BalloonTarget(BalloonDriver.Virtio, 1000), Operation.Eject(s_dimm));
        var run = RecordingFile.Read("live.jsonl", new MemoryStream(Encoding.UTF8.GetBytes(machine.Record)));
        using var replayed = new RecordingMachine(run);
        var again = new Runner(replayed, SuiteOf(machine))
            .Run(run.Spec, new TraceSource(run.Operations), run.Operations.Length);
        Assert.Equal(Verdict.Conforms, live.Verdict);
        Assert.True(again.Verdict == Verdict.Conforms, again.Violation?.ToString());
        Assert.Equal(live.Answers.ToArray(), again.Answers.ToArray());
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void Both_channels_of_observation_show_the_same_pages(string version)
    {
        using var machine = new LinuxMachine(LiveKernel.Find(version) with { ComparesChannels = true });
        var block = Name.DeviceMemory(1).WithBlock(0);
        var result = Run(machine,
            Operation.Add(s_dimm, 65536, node: 1), Operation.Online(s_dimm.WithBlock(0)),
            Operation.Resize(Name.DeviceMemory(1), 40), Operation.Online(block, OperationKind.OnlineMovable),
            Operation.Alloc(Name.Allocation(1), 100, node: 1), Operation.Poison(Name.Allocation(1).WithPage(5)),
            Operation.Poison(block.WithPage(300)), Operation.BalloonTarget(BalloonDriver.Virtio, 500),
            Operation.Free(Name.Allocation(1)));
        Assert.True(result.Verdict == Verdict.Conforms, result.Violation?.ToString());
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void An_offline_that_does_nothing_is_caught(string version)
    {
        using var live = new LinuxMachine(LiveKernel.Find(version));
        using var machine = new IdleMachine(live);
        var result = new Runner(machine, SuiteOf(live)).Run(LinuxMachine.SpecsOf(live.Identity.Version)[0],
            new TraceSource([
                Operation.Add(s_dimm, 32768, node: 1), Operation.Online(s_dimm.WithBlock(0)),
                Operation.Offline(s_dimm.WithBlock(0))]), 3);
        Assert.Equal(Verdict.Violates, result.Verdict);
        Assert.Equal(2, result.FailedAt);
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void A_killed_emulator_is_inconclusive_and_tells_why(string version)
    {
        using var machine = new LinuxMachine(LiveKernel.Find(version));
        machine.Reset(LinuxMachine.SpecsOf(machine.Identity.Version)[0]);
        machine.KillEmulator();
        var failure = Assert.Throws<HarnessException>(() =>
            machine.Execute(Operation.Policy(PolicySetting.AutoOffline), default, new Outcome()));
        Assert.Contains("closed its connection", failure.Message, StringComparison.Ordinal);
    }

    [LiveKernelTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void No_process_and_no_file_of_a_guest_is_left_behind(string version)
    {
        var scratch = Directory.CreateTempSubdirectory("hotplug-test-").FullName;
        using (var machine = new LinuxMachine(LiveKernel.Find(version) with { Scratch = scratch }))
        {
            machine.Reset(LinuxMachine.SpecsOf(machine.Identity.Version)[0]);
            Assert.NotEmpty(Directory.EnumerateFileSystemEntries(scratch));
        }

        Directory.Delete(scratch);      // Fails if anything is in it.
    }

    [LiveKernelTheory]
    [InlineData("6.12")]
    public void A_guest_that_falls_silent_is_inconclusive_and_tells_where_it_stood(string version)
    {
        var moment = LiveKernel.Find(version) with { AnswerLimit = TimeSpan.FromSeconds(5) };
        using var machine = new LinuxMachine(moment);
        machine.Reset(LinuxMachine.SpecsOf(machine.Identity.Version)[0]);
        machine.Freeze();
        var failure = Assert.Throws<HarnessException>(() =>
            machine.Execute(Operation.Policy(PolicySetting.AutoOffline), default, new Outcome()));
        Assert.Contains("does not answer 'write' within 5 s", failure.Message, StringComparison.Ordinal);
    }

    [LiveKernelTheory]
    [InlineData("6.12")]
    public void A_kernel_without_the_needed_options_is_told_which(string version)
    {
        var scratch = Directory.CreateTempSubdirectory("hotplug-test-").FullName;
        try
        {
            var failure = Assert.Throws<HarnessException>(() => new LinuxMachine(LiveKernel.Find(version) with
            {
                Modules = Directory.CreateDirectory(Path.Combine(scratch, "modules")).FullName,
                Store = Path.Combine(scratch, "saved"),
                Accelerator = "tcg",
            }));
            Assert.Contains("the kernel lacks CONFIG_VIRTIO_MEM (", failure.Message, StringComparison.Ordinal);
            Assert.Contains("CONFIG_MEMORY_NOTIFIER_ERROR_INJECT (", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    [LiveKernelTheory]
    [InlineData("6.12")]
    public void A_full_disk_is_told_and_nothing_half_written_stays(string version)
    {
        var scratch = Directory.CreateTempSubdirectory("hotplug-test-").FullName;
        try
        {
            var options = LiveKernel.Find(version) with { Store = scratch, Accelerator = "tcg" };
            var shape = new GuestShape(Numa: true, MemmapOnMemory.Off, DeflateOnOom: false);
            using var pool = new GuestPool(options);
            File.CreateSymbolicLink(pool.SavedPath(shape) + ".part", "/dev/full");
            var failure = Assert.Throws<HarnessException>(() => pool.Take(shape));
            Assert.Contains("is the disk full?", failure.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(scratch, "*.part"));
            Assert.Empty(Directory.GetFiles(scratch, "*.saved"));
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static RunResult Run(LinuxMachine machine, params ReadOnlySpan<Operation> operations)
    {
        var spec = LinuxMachine.SpecsOf(machine.Identity.Version)[0];
        return new Runner(machine, SuiteOf(machine)).Run(spec, new TraceSource([.. operations]), operations.Length);
    }

    // Claims to take blocks offline, and does not.
    private sealed class IdleMachine(IMachine machine) : IMachine
    {
        public MachineIdentity Identity => machine.Identity;

        public void Reset(MachineSpec spec) => machine.Reset(spec);

        public void Execute(in Operation operation, in Target target, Outcome outcome)
        {
            if (operation.Kind != OperationKind.Offline)
                machine.Execute(operation, target, outcome);
        }

        public void Observe(Observation observation) => machine.Observe(observation);

        public void Dispose()
        {
            // The machine belongs to the test.
        }
    }

    private static Suite SuiteOf(LinuxMachine machine) => new(new ReferenceModel(), Catalogue.All)
    {
        Defects = ExpectedDefects.Bundled.For(machine.Identity.Version),
    };
}
