using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>Specs and their text form.</summary>
public sealed class SpecTextTests
{
    [Fact]
    public void The_default_machine_prints_as_nothing() => Assert.Equal("", SpecText.Print(new MachineSpec()));

    [Fact]
    public void Every_number_is_read_into_its_own_field()
    {
        foreach (var number in SpecText.Numbers)
        {
            var spec = Apply(number.Key, number.High.ToString());
            Assert.Equal(number.High, number.Get(spec));
            foreach (var other in SpecText.Numbers.Where(n => n != number))
                Assert.Equal(other.Get(new MachineSpec()), other.Get(spec));
        }
    }

    [Fact]
    public void Every_key_is_known_to_the_reader()
    {
        foreach (var key in SpecText.Keys)
        {
            var spec = new MachineSpec();
            Assert.False(SpecText.TryApply(ref spec, key, "?", out var error));
            Assert.StartsWith($"{key}=?", error);
        }
    }

    [Theory]
    [InlineData("memmap-on-memory", "force")]
    [InlineData("auto-online", "online-movable")]
    [InlineData("dialect", "linux-6.1")]
    [InlineData("device-memory", "32+8/512@0")]
    [InlineData("device-memory", "32+8/512@0,48+2/1024@1")]
    [InlineData("balloon", "virtio")]
    [InlineData("balloon", "virtio-oom,hyper-v")]
    [InlineData("notifier", "slub:1,injector:-5")]
    [InlineData("notifier", "slub:1,injector:0:unseen")]
    [InlineData("notifier", "none")]
    public void Words_and_lists_print_as_they_are_read(string key, string value) =>
        Assert.Equal($"{key}={value}", SpecText.Print(Apply(key, value)));

    [Fact]
    public void A_list_of_device_memories_is_read_in_order()
    {
        var spec = Apply("device-memory", "32+8/512@0,48+2/1024@1");
        Assert.Equal([new DeviceMemorySpec(32, 8, 512, 0), new DeviceMemorySpec(48, 2, 1024, 1)],
            spec.DeviceMemories.AsEnumerable());
        Assert.Equal(1, spec.DeviceMemoryOf(39));
        Assert.Equal(2, spec.DeviceMemoryOf(48));
        Assert.Equal(0, spec.DeviceMemoryOf(40));
    }

    [Fact]
    public void Deflate_on_oom_belongs_to_the_balloon() =>
        Assert.Equal([new BalloonSpec(BalloonDriver.Virtio, true)],
            Apply("balloon", "virtio-oom").Balloons.AsEnumerable());

    [Theory]
    [InlineData("boot", "0", "boot=0: allowed is a number from 1 to 16777216")]
    [InlineData("boot", "many", "boot=many: allowed is a number from 1 to 16777216")]
    [InlineData("boot", "99999999999999999999", "boot=99999999999999999999: allowed is a number from 1 to 16777216")]
    [InlineData("memmap-on-memory", "yes", "memmap-on-memory=yes: allowed is off, on, force")]
    [InlineData("auto-online", "on", "auto-online=on: allowed is offline, online, online-kernel, online-movable")]
    [InlineData("dialect", "linux-7", "dialect=linux-7: allowed is linux-6.1, linux-6.12, source-2019")]
    [InlineData("device-memory", "32+8",
        "device-memory=32+8: the form is first-block+blocks/sub-block-pages@node, such as 32+8/512@1")]
    [InlineData("device-memory", "32/8+512@0",
        "device-memory=32/8+512@0: the form is first-block+blocks/sub-block-pages@node, such as 32+8/512@1")]
    [InlineData("balloon", "helium", "balloon=helium: allowed is virtio, hyper-v, xen, cmm, virtio-oom")]
    [InlineData("notifier", "slub", "notifier=slub: the form is name:priority, such as slub:1, or none, or linux-6.1 or linux-6.12 for a whole chain")]
    public void A_bad_value_is_named_with_what_is_allowed(string key, string value, string message)
    {
        var spec = new MachineSpec();
        Assert.False(SpecText.TryApply(ref spec, key, value, out var error));
        Assert.Equal(message, error);
        Assert.Equal("", SpecText.Print(spec));
    }

    [Fact]
    public void An_unknown_key_is_named_with_those_that_are_known()
    {
        var spec = new MachineSpec();
        Assert.False(SpecText.TryApply(ref spec, "blocks", "4", out var error));
        Assert.StartsWith("unknown key 'blocks'; known: page-bytes, ", error);
    }

    private static MachineSpec Apply(string key, string value)
    {
        var spec = new MachineSpec();
        Assert.True(SpecText.TryApply(ref spec, key, value, out var error), error);
        return spec;
    }
}
