using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Xunit;

namespace Hotplug.Tests.Engine;

public class CoverageTests
{
    [Fact]
    public void Every_pair_of_operation_and_answer_is_counted_apart()
    {
        var coverage = Some();

        Assert.Equal(2, coverage.Of(OperationKind.Offline, Answer.Ok));
        Assert.Equal(1, coverage.Of(OperationKind.Offline, Answer.Of(Errno.EHWPOISON)));
        Assert.Equal(1, coverage.Of(OperationKind.Offline, Answer.Unfinished));
        Assert.Equal(1, coverage.Of(OperationKind.Online, Answer.Of((Errno)4000)));
        Assert.Equal(0, coverage.Of(OperationKind.Add, Answer.Ok));
        Assert.Equal(5, coverage.Operations);
    }

    [Fact]
    public void Errnos_without_a_name_are_counted_apart_too()
    {
        var coverage = new Coverage();
        (OperationKind Kind, int Errno)[] all = [(OperationKind.Online, 4000), (OperationKind.Offline, 4000), (OperationKind.Online, 4001)];
        for (var i = 0; i < all.Length; i++)
            for (var times = 0; times <= i; times++)
                coverage.Count(all[i].Kind, Answer.Of((Errno)all[i].Errno));

        Assert.Equal([1, 2, 3], all.Select(a => coverage.Of(a.Kind, Answer.Of((Errno)a.Errno))));
        Assert.Equal(0, coverage.Of(OperationKind.Offline, Answer.Of((Errno)4001)));
    }

    [Fact]
    public void Every_answer_is_one_of_its_own()
    {
        var coverage = new Coverage();
        Answer[] answers =
        [
            .. Enum.GetValues<Errno>().Select(Answer.Of),
            .. Enum.GetValues<Completion>().Where(static c => c != Completion.Finished).Select(static c => new Answer(c, Errno.None)),
        ];
        foreach (var answer in answers)
            coverage.Count(OperationKind.Offline, answer);

        Assert.All(answers, a => Assert.Equal(1, coverage.Of(OperationKind.Offline, a)));
        Assert.Equal(answers.Length, coverage.Entries.Count(static e => e.Count == 1));
    }

    [Fact]
    public void Entries_come_by_operation_then_by_answer() =>
        Assert.Equal(
            ["Online errno-4000", "Offline ok", "Offline EHWPOISON", "Offline unfinished"],
            Some().Entries.Select(static e => $"{e.Kind} {e.Answer}"));

    [Fact]
    public void Merging_adds_the_counts()
    {
        var coverage = Some();

        coverage.Merge(Some());

        Assert.Equal(Some().Entries.Select(static e => e with { Count = 2 * e.Count }), coverage.Entries);
        Assert.Equal(10, coverage.Operations);
    }

    [Theory]
    [InlineData(Verdict.Conforms, Verdict.Inconclusive, Verdict.Inconclusive)]
    [InlineData(Verdict.Violates, Verdict.Inconclusive, Verdict.Violates)]
    [InlineData(Verdict.Conforms, Verdict.Conforms, Verdict.Conforms)]
    public void The_worse_verdict_wins(Verdict one, Verdict other, Verdict both)
    {
        Assert.Equal(both, one.And(other));
        Assert.Equal(both, other.And(one));
    }

    private static Coverage Some()
    {
        var coverage = new Coverage();
        coverage.Count(OperationKind.Offline, Answer.Ok);
        coverage.Count(OperationKind.Offline, Answer.Ok);
        coverage.Count(OperationKind.Offline, Answer.Of(Errno.EHWPOISON));
        coverage.Count(OperationKind.Offline, Answer.Unfinished);
        coverage.Count(OperationKind.Online, Answer.Of((Errno)4000));
        return coverage;
    }
}
