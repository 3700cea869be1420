using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Tests.Engine.Fakes;

/// <summary>Short ways to run operations on a fake.</summary>
internal static class Runs
{
    internal static Operation AddBlocks(int device, int blocks) =>
        Operation.Add(Name.Device(device), blocks * FakeMachine.Spec.PagesPerBlock);

    internal static Name Block(int device, int block) => Name.Device(device).WithBlock(block);

    internal static RunResult Of(IMachine machine, params ImmutableArray<Operation> operations) =>
        By(new FakeSpecification(), machine, operations);

    internal static RunResult By(ISpecification specification, IMachine machine, params ImmutableArray<Operation> operations) =>
        new Runner(machine, new Suite(specification, [])).Run(FakeMachine.Spec, new TraceSource(operations), 100);

    internal static Invariant Rule(string id, InvariantCheck check, Levels level = Levels.Core,
        Visibility needs = Visibility.Blocks) =>
        new(id, Family.Blocks, "A claim.", "A bug.", new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"), level, needs, check);
}
