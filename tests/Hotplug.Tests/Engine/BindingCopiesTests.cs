using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Model;
using Xunit;

namespace Hotplug.Tests.Engine;

/// <summary>What names stand for, over sequences of every kind: three ways to keep it come to the same.</summary>
public sealed class BindingCopiesTests
{
    private const int Runs = 40;
    private const int Operations = 60;
    private const int Pages = 6;

    [Fact]
    public void A_copy_resolves_every_name_as_the_original_does_and_goes_its_own_way()
    {
        var names = 0;
        Watch((seen, bindings) =>
        {
            var copy = new Bindings();
            copy.CopyFrom(bindings);
            Assert.Equal(bindings.Bound, copy.Bound);
            foreach (var name in bindings.Bound)
                Assert.Equal(Places(bindings, name), Places(copy, name));
            names += bindings.Bound.Count();
            var was = bindings.Bound.Select(name => Places(bindings, name)).ToList();
            copy.Follow(seen);
            copy.Reset(seen.Spec);
            Assert.Empty(copy.Bound);
            Assert.Equal(was, bindings.Bound.Select(name => Places(bindings, name)));
        });
        Assert.True(names > Runs * Operations, $"{names} names");
    }

    [Fact]
    public void Allocations_followed_step_by_step_are_where_they_are_when_followed_at_once()
    {
        var (stepwise, names) = (new Bindings(), 0);
        Watch((seen, bindings) =>
        {
            if (seen.Index == 0)
                stepwise.CopyFrom(bindings);
            // Before the operation: all that was followed until now.
            foreach (var name in bindings.Bound.Where(static n => n.Kind == NameKind.Allocation))
            {
                Assert.Equal(Places(bindings, name), Places(stepwise, name));
                names++;
            }

            if (IsToldWhole(seen))
            {
                foreach (ref readonly var witness in seen.Outcome.Witness)
                    stepwise.FollowStep(seen.Operation, witness);
                stepwise.FollowEnd(seen.Operation, seen.Target, seen.Outcome);
            }
            else
            {
                var copy = new Bindings();
                copy.CopyFrom(bindings);
                copy.Follow(seen);
                stepwise.CopyFrom(copy);
            }
        });
        Assert.True(names > Runs * Operations / 4, $"{names} names");
    }

    // What others lose by failing pages, and devices that go, no race follows.
    private static bool IsToldWhole(Transition seen) => seen.Operation.Kind is OperationKind.Alloc or OperationKind.Free
        or OperationKind.Get or OperationKind.Put or OperationKind.Contig or OperationKind.ContigFree
        or OperationKind.Online or OperationKind.OnlineMovable or OperationKind.OnlineKernel or OperationKind.Tick
        or OperationKind.Offline or OperationKind.Eject or OperationKind.OfflineRemove;

    private static string Places(Bindings bindings, Name name)
    {
        var places = new List<string>();
        for (var page = -1; page < Pages; page++)
        {
            var asked = name.Kind == NameKind.Allocation ? name with { Page = page }
                : page < 0 ? name : name.WithBlock(0).WithPage(page);
            places.Add(bindings.TryResolve(new Operation { Kind = OperationKind.Get, Subject = asked }, out var target)
                ? target.Range.ToString() : "-");
        }

        return $"{name}: {string.Join(' ', places)}";
    }

    private static void Watch(Action<Transition, Bindings> look)
    {
        using var machine = BitmapMachine.Create();
        var watcher = new Watcher();
        var runner = new Runner(machine, new Suite(new ReferenceModel(), [])) { Watcher = watcher };
        watcher.Looks = seen => look(seen, runner.Bindings);
        for (var run = 0UL; run < Runs; run++)
        {
            var random = new SplitMix(SplitMix.Derive(0xB1D5, run));
            var sequences = new Sequences((Family)(run % (ulong)Enum.GetValues<Family>().Length));
            var spec = sequences.DrawSpec(ref random, machine.Identity.Levels);
            var verdict = runner.Walk(spec, sequences.DrawSource(ref random, spec, machine.Identity.Levels), Operations);
            Assert.True(verdict == Verdict.Conforms, runner.Violation?.ToString());
        }
    }

    // Is asked before the names follow the operation.
    private sealed class Watcher : IWatcher
    {
        internal Action<Transition> Looks { get; set; } = static _ => { };

        public void Begin(MachineSpec spec)
        {
            // Nothing is kept.
        }

        public void Watch(Transition seen) => Looks(seen);
    }
}
