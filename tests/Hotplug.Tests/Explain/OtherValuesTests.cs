using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Explain;
using Hotplug.Engine.Shrink;
using Hotplug.Tests.Bitmap;
using Xunit;

namespace Hotplug.Tests.Explain;

/// <summary>What else an argument could be: its neighbours, whole blocks, every word; only what the machine has.</summary>
public sealed class OtherValuesTests
{
    private static readonly MachineSpec s_spec = Bench.WithDeviceMemory with { Nodes = 2, Cpus = 3 };

    [Theory]
    [InlineData("tick seconds=40", "Amount 24 39 41 56 80")]
    [InlineData("tick seconds=1", "Amount 2 17")]
    [InlineData("tick seconds=2147483647", "Amount 2147483646")]
    [InlineData("offline d1.b2", "SubjectBlock 1 3")]
    [InlineData("get d1.b0+15", "SubjectBlock 1; SubjectPage 14")]
    [InlineData("get d1.b0+0", "SubjectBlock 1; SubjectPage 1")]
    [InlineData("put a1[7] cpu=1", "SubjectPage 6 8; Cpu 0 2")]
    [InlineData("put a1[7] cpu=2", "SubjectPage 6 8; Cpu 1")]
    [InlineData("alloc a1 pages=3 order=3 node=1", "Amount 2 4 6 19; Choice unmovable unmigratable reclaimable pinned long-term-pinned; Order 2; Node 0; Cpu 1")]
    [InlineData("notifier-error event=online errno=EIO",
        "Choice going-online cancel-online going-offline offline cancel-offline prepare-online finish-offline; "
        + "Errno EPERM ENOMEM EBUSY")]
    [InlineData("contig a1 at=d0.b1+15 pages=1", "AtBlock 0 2; AtPage 14; Amount 2 17")]
    [InlineData("write-online d0.b1 value=1", "SubjectBlock 0 2; Amount 0")]
    [InlineData("pcp do=drain", "Choice disable enable")]
    public void Around_a_value_is_tried_what_the_machine_has(string operation, string expected) =>
        Assert.Equal(expected, string.Join("; ", Of(operation)));

    private static IEnumerable<string> Of(string text)
    {
        Assert.True(TraceText.TryParse($"{TraceText.Header}\n{text}\n", out var trace, out var error), error?.ToString());
        var operation = Assert.Single(trace.Operations);
        var numbers = new List<OperationNumber>();
        OperationNumber.List(operation, numbers);
        foreach (var number in numbers)
            if (number.Place is not (NumberPlace.Kind or NumberPlace.SubjectId or NumberPlace.AtId)
                && (number.Place == NumberPlace.Field || operation.Subject.Kind != NameKind.None)
                && OtherValues.Of(operation, number, s_spec).ToArray() is { Length: > 0 } others)
                yield return $"{(number.Place == NumberPlace.Field ? number.Field : number.Place)} "
                    + string.Join(' ', others.Select(value => OtherValues.Print(operation, number, value)));
    }
}
