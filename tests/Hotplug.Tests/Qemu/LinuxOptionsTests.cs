using Hotplug.Adapters.Qemu;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Qemu;

public sealed class LinuxOptionsTests
{
    [Fact]
    public void A_missing_kernel_is_named_with_the_command_that_gets_it()
    {
        var empty = Directory.CreateTempSubdirectory("hotplug-test-").FullName;
        try
        {
            var failure = Assert.Throws<HarnessException>(() => LinuxOptions.FindFrom(empty, "6.1"));
            Assert.Contains("scripts/fetch-kernel 6.1", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(empty);
        }
    }

    [Fact]
    public void A_kernel_of_ones_own_that_is_not_there_is_named()
    {
        var failure = Assert.Throws<HarnessException>(static () => LinuxOptions.Own("/nowhere/bzImage", "/nowhere"));
        Assert.Contains("/nowhere/bzImage", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_agent_is_named_with_the_command_that_makes_it()
    {
        var empty = Directory.CreateTempSubdirectory("hotplug-test-").FullName;
        try
        {
            var failure = Assert.Throws<HarnessException>(() => new GuestPool(
                new LinuxOptions("/nowhere/vmlinuz", empty, Path.Combine(empty, "agent"), "/nowhere/qemu", empty)));
            Assert.Contains("run scripts/build-agent", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(empty, recursive: true);
        }
    }

    [Fact]
    public void A_QEMU_that_does_not_start_is_told_in_its_own_words()
    {
        var folder = Directory.CreateTempSubdirectory("hotplug-test-").FullName;
        try
        {
            const string NoQemu = "/bin/ls";
            File.WriteAllText(Path.Combine(folder, "agent"), "");
            using var pool = new GuestPool(new LinuxOptions(NoQemu, folder, Path.Combine(folder, "agent"), NoQemu, folder)
            {
                Accelerator = "tcg", Scratch = Directory.CreateDirectory(Path.Combine(folder, "scratch")).FullName,
            });
            var failure = Assert.Throws<HarnessException>(() => pool.Take(new GuestShape(true, MemmapOnMemory.Off, false)));
            Assert.Contains("QEMU does not start: /bin/ls: invalid option", failure.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(folder, "scratch")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Where_no_guest_boots_on_the_processor_itself_guests_are_emulated()
    {
        var folder = Directory.CreateTempSubdirectory("hotplug-test-").FullName;
        try
        {
            const string NoQemu = "/bin/false";
            var options = new LinuxOptions(NoQemu, folder, NoQemu, NoQemu, folder) { Scratch = folder };
            Assert.Equal("tcg", Accelerator.Probe(options, new GuestShape(true, MemmapOnMemory.Off, false), NoQemu));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_offered_machine_is_a_coherent_spec()
    {
        foreach (var release in (string[])["6.1.0-50-amd64", "6.12.117+deb12-amd64"])
            Assert.All(LinuxMachine.SpecsOf(release), static spec => Assert.Null(SpecRules.Check(spec)));
    }

    [Fact]
    public void A_kernel_that_is_not_known_offers_no_machine() => Assert.Empty(LinuxMachine.SpecsOf("5.10.0"));
}
