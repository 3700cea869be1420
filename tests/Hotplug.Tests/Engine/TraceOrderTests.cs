using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Shrink;
using Xunit;

namespace Hotplug.Tests.Engine;

public class TraceOrderTests
{
    [Theory]
    [InlineData("tick seconds=9", "tick seconds=1\ntick seconds=1")]
    [InlineData("online d1.b0", "online_movable d1.b0")]
    [InlineData("online d1.b0", "online d2.b0")]
    [InlineData("online d1.b0", "online d1.b1")]
    [InlineData("poison d1.b0+3", "poison d1.b0+4")]
    [InlineData("alloc a1 pages=1 kind=pinned", "alloc a1 pages=2")]
    [InlineData("add d1 pages=8", "add d1 pages=8 at=d0.b0")]
    [InlineData("tick seconds=1\ntick seconds=9", "tick seconds=2\ntick seconds=1")]
    public void The_first_is_simpler(string simpler, string other)
    {
        Assert.True(TraceOrder.Compare(Parse(simpler), Parse(other)) < 0);
        Assert.True(TraceOrder.Compare(Parse(other), Parse(simpler)) > 0);
        Assert.Equal(0, TraceOrder.Compare(Parse(other), Parse(other)));
    }

    [Theory]
    [InlineData("dimm=3", "dimm=4")]
    [InlineData("", "nodes=2")]
    [InlineData("notifier=slub:1", "")]
    [InlineData("", "device-memory=60+1/512@0")]
    public void Of_equal_operations_the_first_machine_is_simpler(string simpler, string other)
    {
        Assert.True(SpecMeasures.Compare(ParseSpec(simpler), ParseSpec(other)) < 0);
        Assert.True(TraceOrder.Compare(new Trace(ParseSpec(simpler), []), new Trace(ParseSpec(other), [])) < 0);
    }

    private static Trace Parse(string operations)
    {
        Assert.True(TraceText.TryParse($"{TraceText.Header}\n{operations}", out var trace, out var error), error?.ToString());
        return trace;
    }

    private static MachineSpec ParseSpec(string spec)
    {
        Assert.True(TraceText.TryParse($"{TraceText.Header}\nspec {spec}", out var trace, out var error), error?.ToString());
        return trace.Spec;
    }
}
