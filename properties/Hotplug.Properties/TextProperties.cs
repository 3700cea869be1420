using FsCheck.Xunit;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Hotplug.Generators.Arbitraries;
using Xunit;

namespace Hotplug.Properties;

/// <summary>What is printed reads back to the same: names, operations, specs, traces.</summary>
[Properties(Arbitrary = [typeof(ContractArbitraries)], MaxTest = 2000, Replay = "20190619,4047", QuietOnSuccess = true)]
public sealed class TextProperties
{
    [Property]
    public void A_name_reads_back_to_itself(Name name)
    {
        Assert.True(Name.TryParse(name.ToString(), out var read), name.ToString());
        Assert.Equal(name, read);
    }

    [Property]
    public void An_operation_reads_back_to_itself(Operation operation)
    {
        var read = Read(new Trace(new MachineSpec(), [operation]));
        Assert.Equal(operation, Assert.Single(read.Operations));
    }

    [Property]
    public void A_spec_reads_back_to_itself(MachineSpec spec) =>
        Assert.Equal(SpecText.Print(spec), SpecText.Print(Read(new Trace(spec, [])).Spec));

    [Property(MaxTest = 300)]
    public void A_trace_reads_back_to_itself(Trace trace)
    {
        var read = Read(trace);
        Assert.Equal(trace.Operations.AsEnumerable(), read.Operations);
        Assert.Equal(trace.Notes.AsEnumerable(), read.Notes);
        Assert.Equal(trace.ToString(), read.ToString());
    }

    [Property(MaxTest = 300)]
    public void Every_part_of_a_trace_is_a_trace(Trace trace, int from, int length)
    {
        var start = Math.Abs((long)from) % (trace.Operations.Length + 1);
        var count = Math.Abs((long)length) % (trace.Operations.Length - start + 1);
        var part = trace with { Operations = trace.Operations.Slice((int)start, (int)count) };
        Assert.Equal(part.ToString(), Read(part).ToString());
    }

    [Property(MaxTest = 300)]
    public void A_trace_cut_anywhere_is_read_or_refused_with_a_place(Trace trace, int at)
    {
        var text = trace.ToString();
        var cut = text[..(int)(Math.Abs((long)at) % (text.Length + 1))];
        if (TraceText.TryParse(cut, out _, out var error))
            return;
        Assert.NotNull(error);
        Assert.InRange(error.Line, 1, cut.Split('\n').Length);
        Assert.NotEmpty(error.Message);
    }

    private static Trace Read(Trace trace)
    {
        var text = trace.ToString();
        Assert.True(TraceText.TryParse(text, out var read, out var error), $"{error}\n{text}");
        return read;
    }
}
