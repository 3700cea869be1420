using System.Collections.Immutable;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Explain;
using Xunit;

namespace Hotplug.Tests.Explain;

public sealed class ExplanationTextTests
{
    private static readonly OperationWeight s_spare = new(0, Operation.Tick(1), false, "", []);
    private static readonly OperationWeight s_needed = new(1, Operation.Tick(2), true, "",
    [
        new ArgumentWeight("seconds", "2", ["1", "3"], []), new ArgumentWeight("k", "4", [], ["5"]),
        new ArgumentWeight("point", "memmap", ["migration"], ["notifier", "ejection"]),
    ]);
    private static readonly OperationWeight s_other = new(2, Operation.Tick(3), true, "tick seconds=3 -> ok", []);

    [Fact]
    public void It_says_of_every_operation_and_argument_what_it_is_to_the_failure() => Assert.Equal(
        """
          why     tick seconds=1: could be left out
                  tick seconds=2: needed; seconds could be anything (1, 3 tried); k must be 4 (5 tried); point could be migration, not notifier, ejection
                  tick seconds=3: needed (without it: tick seconds=3 -> ok)
          parts   from the rules in tick seconds=3: every step before it was judged and conforms
          changed memory1: this
                  -> that
                  node0: online
                  -> offline
          checked each of these claims, in 17 runs

        """, Print(2, "memory1: this -> that", "node0: online -> offline"));

    [Theory]
    [InlineData(-1, "from the rules before any operation\n")]
    [InlineData(0, "from the rules in its first operation, tick seconds=1\n")]
    [InlineData(1, "from the rules in tick seconds=2: every step before it")]
    public void It_says_where_the_machine_leaves_the_rules(int partsAt, string words) =>
        Assert.Contains($"  parts   {words}", Print(partsAt), StringComparison.Ordinal);

    [Fact]
    public void Where_nothing_changed_it_says_so() =>
        Assert.Contains("  changed nothing that can be seen\n", Print(0), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "", false)]
    [InlineData("1", "", true)]
    [InlineData("", "1", false)]
    [InlineData("1", "2", false)]
    public void An_argument_could_be_anything_if_something_else_was_tried_and_all_of_it_fails(
        string fails, string conforms, bool isFree) =>
        Assert.Equal(isFree, new ArgumentWeight("k", "3", Words(fails), Words(conforms)).IsFree);

    private static ImmutableArray<string> Words(string words) =>
        [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private static string Print(int partsAt, params ImmutableArray<string> changes) =>
        ExplanationText.Print(new Explanation([s_spare, s_needed, s_other], partsAt, changes, 17));
}
