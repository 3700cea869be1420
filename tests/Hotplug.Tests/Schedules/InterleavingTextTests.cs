using System.Collections.Immutable;
using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;
using Hotplug.Engine.Schedules.Pictures;
using Hotplug.Tests.Engine.Fakes;
using Xunit;

namespace Hotplug.Tests.Schedules;

public sealed class InterleavingTextTests
{
    private static readonly Position s_begin = new(Standing.AtPoint, 0, SchedulePoint.Begin, default, -1);
    private static readonly Position s_inside = new(Standing.AtPoint, 0, SchedulePoint.PutBeforeLastReference, default, 3);
    private static readonly Position s_locked = new(Standing.BeforeLock, 0, SchedulePoint.Begin, new LockId(LockName.Zone), -1);
    private static readonly Position s_awaiting = s_inside with { Standing = Standing.Awaiting };
    private static readonly Position s_done = s_begin with { Standing = Standing.Done };

    [Fact]
    public void It_shows_who_did_what_when_and_what_became_of_the_page()
    {
        var race = new Race(FakeMachine.Spec, [Operation.Tick(9)], [[Operation.Tick(1)], [Operation.Tick(2)]]);
        ImmutableArray<InterleavedStep> steps =
        [
            new(0, 0, s_begin, s_inside, "tick seconds=1", null, "one", false),
            new(1, 1, s_begin, s_awaiting, "tick seconds=2", null, "two", true),
            new(2, 0, s_inside, s_locked, "tick seconds=1", null, "three", false),
            new(3, 0, s_locked, s_done, "tick seconds=1", "ok", "four", false),
            new(4, 1, s_awaiting, s_done, "tick seconds=2", null, "five", false),
        ];
        var picture = new Interleaving(race, null, steps, 3, "zero",
        [
            (new RacingAccess(0, "tick seconds=1", s_inside, 2), new RacingAccess(1, "tick seconds=2", s_begin, 1)),
            (new RacingAccess(1, "tick seconds=2", s_begin, -1), new RacingAccess(0, "tick seconds=1", s_inside, 3)),
        ]);

        Assert.Equal(
            """
              machine pageblock=4 section=8 max-order=2 boot=1 dimm-first=4 dimm=8
              tick seconds=9
            step  cpu 0                              cpu 1                              page 3
                                                                                        zero
               0  tick seconds=1
                    put.before-last-reference                                           one
              >1                                     tick seconds=2
                                                       waits put.before-last-reference  two
               2    lock zone                                                           three
               3    returns ok                                                          four
               4                                       ends                             five
              race    cpu 0, tick seconds=1, stood at put.before-last-reference before step 2; cpu 1, tick seconds=2, came between,
                      last with step 1 from begin
              window  The reference that is about to be dropped may be the last one by then, or not any more.
              race    cpu 1, tick seconds=2, stood at begin; cpu 0, tick seconds=1, came between, last with step 3 from
                      put.before-last-reference

            """, InterleavingText.Print(picture));
    }

    [Theory]
    [InlineData(-1, "cpu 0")]
    [InlineData(0, "page 0")]
    public void The_first_page_is_a_page_too(long page, string ending)
    {
        var race = new Race(new MachineSpec(), [], [[Operation.Tick(1)]]);
        var lines = InterleavingText.Print(new Interleaving(race, null, [], page, "", [])).Split('\n');
        Assert.EndsWith(ending, lines[1]);
    }

    [Theory]
    [InlineData(2, 33)]
    [InlineData(3, 28)]
    [InlineData(8, 9)]
    public void Columns_share_what_room_there_is(int cpus, int width)
    {
        var operation = new string('x', 80);
        var race = new Race(new MachineSpec(), [], [.. Enumerable.Repeat<ImmutableArray<Operation>>([Operation.Tick(1)], cpus)]);
        ImmutableArray<InterleavedStep> steps =
            [new(0, 0, s_begin, s_done, operation, new string('y', 80), new string('z', 200), false)];

        var lines = InterleavingText.Print(new Interleaving(race, null, steps, -1, "", [])).Split('\n');

        Assert.Equal("  machine as by default", lines[0]);
        Assert.Equal($"step  {"cpu 0".PadRight(width)}  cpu 1", lines[1][..(8 + width + 5)]);
        Assert.EndsWith($"cpu {cpus - 1}", lines[1]);
        Assert.Equal("", lines[2]);
        Assert.Equal($"   0  {new string('x', width - 1)}…", lines[3]);
        Assert.StartsWith($"        returns {new string('y', width)}"[..(6 + width - 1)] + "…", lines[4]);
        Assert.Equal(InterleavingText.Width, lines[4].Length);
        Assert.EndsWith("zz…", lines[4]);
    }

    [Theory]
    [InlineData(118, 1)]
    [InlineData(119, 2)]
    public void A_line_is_broken_where_it_is_too_long(int length, int lines)
    {
        var text = new StringBuilder();
        InterleavingText.Wrap(text, new string('x', length));
        Assert.Equal(lines, text.ToString().Count(static c => c == '\n'));
        Assert.Equal(length, text.ToString().Count(static c => c == 'x'));
    }

    [Fact]
    public void It_is_broken_between_words_and_where_there_are_none_anywhere()
    {
        var text = new StringBuilder();
        InterleavingText.Wrap(text, new string('a', 100) + " " + new string('b', 60) + " " + new string('c', 150));
        Assert.Equal($"  {new string('a', 100)}\n          {new string('b', 60)}\n          {new string('c', 110)}\n          {new string('c', 40)}\n",
            text.ToString());
        // A space as early as this is none to break at: hardly anything would stand before it.
        text.Clear();
        InterleavingText.Wrap(text, new string('a', 8) + " " + new string('b', 120));
        Assert.Equal($"  {new string('a', 8)} {new string('b', 109)}\n          {new string('b', 11)}\n", text.ToString());
    }
}
