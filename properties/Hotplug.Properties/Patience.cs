using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Scopes;
using Xunit;

namespace Hotplug.Properties;

/// <summary>
/// Gives up on what does not come back. A machine or a model that loops for ever has failed like one that answers
/// wrong, and the test that finds it says so instead of hanging itself.
/// </summary>
internal static class Patience
{
    // A sequence takes milliseconds: also on a busy machine only what hangs takes so long.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    /// <summary>As <see cref="Runner.Walk"/>; fails, and names the operation, if that does not come back.</summary>
    internal static Verdict Walk(Runner runner, MachineSpec spec, IOperationSource source, int mostOperations) =>
        Await(() => runner.Walk(spec, source, mostOperations),
            () => runner.Executed is [.., var last] ? $"'{last}' does not come back" : "the start does not come back");

    /// <summary>The same, through a sequence that the seed alone decides.</summary>
    internal static Verdict Walk(Runner runner, ISequences sequences, ulong seed, int mostOperations)
    {
        var random = new SplitMix(seed);
        var levels = runner.Machine.Identity.Levels;
        var spec = sequences.DrawSpec(ref random, levels);
        return Walk(runner, spec, sequences.DrawSource(ref random, spec, levels), mostOperations);
    }

    /// <summary>Tries all sequences of so many operations in the small scope of this name.</summary>
    internal static ExploreResult Explore(Runner runner, string scope, int mostOperations)
    {
        var explorer = new Explorer(runner, SmallScopes.All.Single(s => s.Name == scope), new ExploreOptions());
        return Await(() => explorer.Explore(mostOperations), () => $"an operation of {scope} that does not come back");
    }

    /// <summary>Does the work on a thread that is left alone if it does not come back.</summary>
    internal static T Await<T>(Func<T> work, Func<string> hung)
    {
        T? done = default;
        var thread = new Thread(() => done = work()) { IsBackground = true };
        thread.Start();
        if (!thread.Join(s_limit))
            Assert.Fail(hung());
        return done!;
    }
}
