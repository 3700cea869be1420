using System.Text;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Model;
using Xunit;
using Xunit.Abstractions;

namespace Hotplug.Tests.Quality;

/// <summary>What the default sequences really reach: without this, a gate that conforms says little.</summary>
public sealed class ReachTests(ITestOutputHelper output)
{
    /// <summary>A part of the default sequences: the first ones.</summary>
    private const int FirstSequences = 300;

    private static readonly Lazy<Coverage> s_reached = new(Reach);

    /// <summary>What every operation may answer on a machine in process, injected errors left out.</summary>
    public static TheoryData<string, string> Plausible => new()
    {
        { "add", "ok E2BIG ENOMEM EEXIST EINVAL unbound" },
        { "remove", "ok EBUSY EINVAL unbound" },
        { "offline-remove", "ok EBUSY EINVAL unfinished" },
        { "eject", "ok EBUSY EINVAL unfinished" },
        { "online", "ok EINVAL ENOENT EHWPOISON unbound" },
        { "online_kernel", "ok EINVAL ENOENT EHWPOISON unbound" },
        { "online_movable", "ok EINVAL ENOENT EHWPOISON unbound" },
        { "offline", "ok EINVAL EBUSY ENOENT unfinished unbound" },
        { "write-state", "ok EINVAL unbound" },
        { "write-online", "ok EBUSY EHWPOISON unfinished" },
        { "alloc", "ok ENOMEM EINVAL unbound" },
        { "free", "ok unbound" },
        { "get", "ok EINVAL unbound" },
        { "put", "ok EINVAL unbound" },
        { "inflate", "ok" },
        { "deflate", "ok" },
        { "balloon-target", "ok" },
        { "loan-target", "ok EINVAL" },
        { "oom", "ok" },
        { "back", "ok ENXIO EINVAL EEXIST unbound" },
        { "plug", "ok ENOMEM EINVAL ENODEV unbound" },
        { "unplug", "ok EBUSY" },
        { "resize", "ok ENOMEM EBUSY EINVAL" },
        { "set-callback", "ok EINVAL EBUSY" },
        { "contig", "ok EBUSY EINVAL ENOMEM unbound" },
        { "contig-free", "ok EINVAL unbound" },
        { "poison", "ok ENXIO EBUSY EHWPOISON" },
        { "unpoison", "ok EIO EBUSY" },
        { "soft-offline", "ok EIO EBUSY" },
        { "hard-offline", "ok ENXIO EBUSY EHWPOISON" },
        { "veto", "ok" },
        { "notifier-error", "ok EINVAL" },
        { "pcp", "ok EBUSY EINVAL" },
        { "policy", "ok EACCES EINVAL" },
        { "tick", "ok" },
    };

    [Theory]
    [MemberData(nameof(Plausible))]
    public void Every_plausible_answer_of_an_operation_is_reached(string word, string answers)
    {
        var kind = OperationTable.Find(word)!.Kind;
        var reached = s_reached.Value.Entries.Where(e => e.Kind == kind).Select(static e => e.Answer.ToString());
        Assert.Empty(answers.Split(' ').Except(reached));
    }

    [Fact]
    public void Every_operation_of_the_machines_levels_is_plausible()
    {
        using var machine = BitmapMachine.Create();
        Assert.Equal(
            OperationTable.Forms.Where(f => machine.Identity.Levels.HasFlag(f.Level)).Select(static f => f.Word),
            Plausible.Select(static row => (string)row[0]));
    }

    [Fact]
    public void Most_operations_are_carried_out_and_a_fair_share_is_refused()
    {
        output.WriteLine(Table(s_reached.Value));
        Assert.InRange(ShareOf(static answer => answer.IsOk), 0.55, 0.80);
        Assert.InRange(ShareOf(static answer => answer == Answer.Unbound), 0.01, 0.10);
    }

    // Each run goes on until it ends, whatever it says of the machine: that is for others to judge.
    private static Coverage Reach()
    {
        using var machine = BitmapMachine.Create();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []));
        var sequences = new Sequences();
        var options = new GateOptions();
        for (var sequence = 0UL; sequence < FirstSequences; sequence++)
        {
            var random = new SplitMix(SplitMix.Derive(options.Seed, sequence));
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var source = sequences.DrawSource(ref random, spec, machine.Identity.Levels);
            runner.Walk(spec, source, options.OperationsPerSequence);
        }

        return runner.Coverage;
    }

    private static double ShareOf(Predicate<Answer> what) =>
        (double)s_reached.Value.Entries.Where(e => what(e.Answer)).Sum(static e => e.Count)
        / s_reached.Value.Operations;

    private static string Table(Coverage coverage)
    {
        var text = new StringBuilder();
        foreach (var group in coverage.Entries.GroupBy(static e => e.Kind))
            text.Append($"{OperationTable.Of(group.Key).Word,-16}{group.Sum(static e => e.Count),8}  ")
                .AppendJoin("  ", group.Select(static e => $"{e.Answer} {e.Count}")).Append('\n');
        return text.ToString();
    }
}
