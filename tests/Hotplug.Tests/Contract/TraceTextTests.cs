using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Traces;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>The text form of traces: what is read, and how precisely it is refused.</summary>
public sealed class TraceTextTests
{
    private const string Whole = """
        hotplug-trace 1
        note rule zone.present-pages
        spec nodes=2
        add d1 pages=65536 node=1
        online_movable d1.b0

        """;

    [Fact]
    public void A_trace_is_notes_a_machine_and_operations()
    {
        var trace = Read(Whole);
        Assert.Equal("zone.present-pages", trace.Note("rule"));
        Assert.Equal(2, trace.Spec.Nodes);
        Assert.Equal(
            [Operation.Add(Name.Device(1), 65536, 1),
                Operation.Online(Name.Device(1).WithBlock(0), OperationKind.OnlineMovable)],
            trace.Operations.AsEnumerable());
    }

    [Fact]
    public void It_prints_as_it_is_read() => Assert.Equal(Whole, Read(Whole).ToString());

    [Theory]
    [InlineData("hotplug-trace 1")]
    [InlineData("hotplug-trace 1\n\n\n")]
    [InlineData("\n  # a comment\nhotplug-trace 1\nspec\n")]
    public void A_header_alone_is_a_trace_of_the_default_machine(string text)
    {
        var trace = Read(text);
        Assert.Equal("", SpecText.Print(trace.Spec));
        Assert.Empty(trace.Operations);
    }

    [Fact]
    public void Lines_may_end_as_on_Windows_and_hold_tabs()
    {
        var trace = Read("hotplug-trace 1\r\nspec nodes=2\r\n\tadd\td1  pages=8 \r\n");
        Assert.Equal([Operation.Add(Name.Device(1), 8)], trace.Operations.AsEnumerable());
    }

    [Fact]
    public void A_hash_begins_a_comment_only_before_a_blank()
    {
        var trace = Read("hotplug-trace 1\noffline #40 # the block\n#\n# online #41\n");
        Assert.Equal([Operation.Offline(Name.RawBlock(40))], trace.Operations.AsEnumerable());
    }

    [Fact]
    public void Several_spec_lines_add_up()
    {
        var trace = Read("hotplug-trace 1\nspec nodes=2\nspec boot=2\n");
        Assert.Equal((2, 2), (trace.Spec.Nodes, trace.Spec.BootBlocks));
    }

    [Fact]
    public void A_note_keeps_its_words_and_replaces_an_older_one()
    {
        var trace = Read("hotplug-trace 1\nnote why  it broke # twice\nnote empty\n").WithNote("empty", "no more");
        Assert.Equal([new("why", "it broke # twice"), new("empty", "no more")], trace.Notes.AsEnumerable());
        Assert.Null(trace.Note("absent"));
    }

    [Fact]
    public void A_trace_needs_the_levels_of_its_operations()
    {
        var trace = Read("hotplug-trace 1\nadd d1 pages=8\npoison d1.b0+1\nveto errno=EBUSY\n");
        Assert.Equal(Levels.Core | Levels.Hwpoison | Levels.Faults, trace.Needs);
    }

    [Theory]
    [InlineData("", 1, 1, "empty text: a trace begins with 'hotplug-trace 1'")]
    [InlineData("# nothing\n", 1, 1, "empty text: a trace begins with 'hotplug-trace 1'")]
    [InlineData("\nadd d1 pages=8", 2, 1, "'add d1 pages=8': a trace begins with 'hotplug-trace 1'")]
    [InlineData("hotplug-trace 2", 1, 1, "'hotplug-trace 2': a trace begins with 'hotplug-trace 1'")]
    public void Text_without_the_header_is_refused(string text, int line, int column, string message) =>
        Assert.Equal(new TextError(line, column, message), Refused(text));

    [Theory]
    [InlineData("onlin d1.b0", 1, "unknown operation 'onlin'; known: add, remove,")]
    [InlineData("note", 1, "'note' needs a key, such as 'note seed 0x1F'")]
    [InlineData("  offline", 3, "'offline' needs a subject: a memory block, such as d1.b2, m1.b0 or #40")]
    [InlineData("offline  d1", 10, "'d1': 'offline' names a memory block, such as d1.b2, m1.b0 or #40")]
    [InlineData("add d0 pages=8", 5, "'d0': 'add' names a new device, such as d1")]
    [InlineData("free a1[2]", 6, "'a1[2]': 'free' names an allocation, such as a3")]
    [InlineData("get d1.b0", 5, "'d1.b0': 'get' names a page, such as d1.b2+5, a3[17] or @1310720")]
    [InlineData("poison d1.b0", 8, "'d1.b0': 'poison' names a page, such as d1.b2+5, a3[17] or @1310720")]
    [InlineData("resize d1 sub-blocks=1", 8, "'d1': 'resize' names a device memory, such as m1")]
    [InlineData("add d1", 1, "'add' needs pages=: allowed is a number from 0 to 9223372036854775807")]
    [InlineData("add d1 pages=8 size=3", 16, "'size=3': 'add' takes key=value with pages, node, at, memmap, group")]
    [InlineData("add d1 8", 8, "'8': 'add' takes key=value with pages, node, at, memmap, group")]
    [InlineData("oom pages=8", 5, "'pages=8': 'oom' takes no arguments")]
    [InlineData("add d1 pages=8 pages=9", 16, "'pages' is given twice")]
    [InlineData("add d1 pages=-8", 14, "'-8': allowed is a number from 0 to 9223372036854775807")]
    [InlineData("add d1 pages=eight", 14, "'eight': allowed is a number from 0 to 9223372036854775807")]
    [InlineData("add d1 pages=8 node=1024", 21, "'1024': allowed is a number from 0 to 1023")]
    [InlineData("add d1 pages=8 at=d1", 19,
        "'d1': allowed is a block or a page, such as d1.b2, d1.b2+5, #40 or @1310720")]
    [InlineData("add d1 pages=8 memmap=here", 23, "'here': allowed is policy, boot, per-block, per-device")]
    [InlineData("veto errno=busy", 12, "'busy': allowed is an errno such as EBUSY, or errno-77, or ok")]
    public void A_bad_operation_is_refused_at_its_column(string line, int column, string message)
    {
        var error = Refused($"hotplug-trace 1\n\n{line}\n");
        Assert.Equal((3, column), (error.Line, error.Column));
        Assert.StartsWith(message, error.Message);
    }

    [Theory]
    [InlineData("spec boot", 6, "'boot': the form is key=value; keys: page-bytes,")]
    [InlineData("spec nodes=2 boot=0", 14, "boot=0: allowed is a number from 1 to 16777216")]
    [InlineData("spec dimm-first=2", 1, "dimm blocks [2,18) overlap boot blocks [0,4): ranges are disjoint")]
    public void A_bad_machine_is_refused_at_its_line(string line, int column, string message)
    {
        var error = Refused($"hotplug-trace 1\nnote seed 1\n{line}\nadd d1 pages=8\n");
        Assert.Equal((3, column), (error.Line, error.Column));
        Assert.StartsWith(message, error.Message);
    }

    [Fact]
    public void A_machine_after_an_operation_is_refused() => Assert.Equal(
        new TextError(3, 1, "'spec' stands before the first operation"),
        Refused("hotplug-trace 1\nadd d1 pages=8\nspec nodes=2\n"));

    [Fact]
    public void A_long_word_is_named_by_its_beginning()
    {
        var error = Refused("hotplug-trace 1\n" + new string('x', 5000));
        Assert.StartsWith($"unknown operation '{new string('x', 40)}…'", error.Message);
    }

    [Fact]
    public void An_error_prints_its_place() =>
        Assert.Equal("line 3, column 8: why", new TextError(3, 8, "why").ToString());

    private static Trace Read(string text)
    {
        Assert.True(TraceText.TryParse(text, out var trace, out var error), error?.ToString());
        return trace;
    }

    private static TextError Refused(string text)
    {
        Assert.False(TraceText.TryParse(text, out _, out var error));
        return error!;
    }
}
