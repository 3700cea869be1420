using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Hotplug.Tests.Engine.Fakes;
using Hotplug.Tests.Schedules;
using Xunit;

namespace Hotplug.Tests.Engine;

public class BindingsTests
{
    private static readonly Operation s_alloc = Operation.Alloc(Name.Allocation(1), 10);

    [Fact]
    public void A_device_is_where_add_placed_it()
    {
        var targets = TargetsOf(new FakeMachine(), Runs.AddBlocks(1, 2), Operation.Online(Runs.Block(1, 1)),
            Operation.Poison(Runs.Block(1, 1).WithPage(3)));

        Assert.Equal([new PageRange(40, 8), new PageRange(43, 1)], targets[1..].Select(static t => t!.Value.Range));
    }

    [Fact]
    public void Boot_memory_and_device_memories_come_from_the_spec()
    {
        var bindings = new Bindings();
        bindings.Reset(FakeMachine.Spec with { DeviceMemories = [new DeviceMemorySpec(20, 2, 8, 0)] });

        Assert.True(bindings.TryResolve(Operation.Offline(Name.Boot.WithBlock(0)), out var boot));
        Assert.True(bindings.TryResolve(Operation.Offline(Name.DeviceMemory(1).WithBlock(1)), out var memory));

        Assert.Equal(new PageRange(0, 8), boot.Range);
        Assert.Equal(new PageRange(168, 8), memory.Range);
    }

    [Theory]
    [InlineData("d1.b0")]
    [InlineData("d0.b1")]
    [InlineData("m1.b0")]
    public void A_block_that_no_device_has_is_not_bound(string block)
    {
        Assert.True(Name.TryParse(block, out var name));

        Assert.Null(TargetsOf(new FakeMachine(), Operation.Offline(name))[0]);
    }

    [Fact]
    public void A_page_beyond_its_block_is_not_bound() =>
        Assert.Null(TargetsOf(new FakeMachine(), Operation.Poison(Name.Boot.WithBlock(0).WithPage(8)))[0]);

    [Fact]
    public void Raw_names_are_always_bound()
    {
        var targets = TargetsOf(new FakeMachine(), Operation.Online(Name.RawBlock(9)), Operation.Poison(Name.RawPage(77)));

        Assert.Equal([new PageRange(72, 8), new PageRange(77, 1)], targets.Select(static t => t!.Value.Range));
    }

    [Fact]
    public void The_place_of_an_operation_is_resolved_too()
    {
        var targets = TargetsOf(new FakeMachine(), Runs.AddBlocks(1, 1),
            Operation.Add(Name.Device(2), 8, at: Runs.Block(1, 0)), Operation.Add(Name.Device(3), 8, at: Runs.Block(7, 0)));

        Assert.Equal(-1, targets[0]!.Value.At);
        Assert.Equal(32, targets[1]!.Value.At);
        Assert.Null(targets[2]);
    }

    [Fact]
    public void A_name_that_is_bound_cannot_be_created_again()
    {
        var targets = TargetsOf(new FakeMachine(), Runs.AddBlocks(1, 1), Runs.AddBlocks(1, 1), s_alloc, s_alloc);

        Assert.Null(targets[1]);
        Assert.Null(targets[3]);
    }

    [Fact]
    public void A_device_without_blocks_is_not_bound_and_its_name_is_free_again()
    {
        var targets = TargetsOf(new FakeMachine(), Runs.AddBlocks(1, 2), Operation.Remove(Runs.Block(1, 0)),
            Operation.Online(Runs.Block(1, 1)), Operation.Remove(Runs.Block(1, 1)), Operation.Online(Runs.Block(1, 1)),
            Runs.AddBlocks(1, 1));

        Assert.NotNull(targets[2]);
        Assert.Null(targets[4]);
        Assert.NotNull(targets[5]);
    }

    [Fact]
    public void An_add_that_failed_binds_nothing()
    {
        var machine = new FakeMachine
        {
            Instead = static (o, _, outcome) =>
            {
                outcome.Answer = Answer.Of(Errno.ENOMEM);
                return true;
            },
        };

        Assert.Null(TargetsOf(machine, Runs.AddBlocks(1, 1), Operation.Online(Runs.Block(1, 0)))[1]);
    }

    [Fact]
    public void A_page_of_an_allocation_follows_its_migrations()
    {
        var machine = WithWitness(OperationKind.Tick, new Witness(WitnessRole.Migrated, new PageRange(100, 4), 3));

        var targets = TargetsOf(machine, s_alloc, Operation.Tick(1), Get(2), Get(3), Get(6), Get(7));

        Assert.Equal([2, 100, 103, 7], targets[2..].Select(static t => t!.Value.Range.Start));
    }

    [Fact]
    public void A_freed_page_is_bound_only_while_an_extra_reference_holds_it()
    {
        var free = Operation.Free(Name.Allocation(1));
        var put = Operation.Put(Name.Allocation(1).WithPage(4));

        var targets = TargetsOf(new FakeMachine(), s_alloc, Get(4), free, free, Get(5), put, put, s_alloc);

        Assert.Equal([true, true, true, false, false, true, false, true], targets.Select(static t => t is not null));
    }

    [Fact]
    public void A_device_whose_memory_was_refused_can_be_ejected_if_it_was_plugged()
    {
        var machine = new FakeMachine
        {
            Instead = static (operation, _, outcome) =>
            {
                outcome.Answer = Answer.Of(Errno.EIO);
                if (operation.Subject.Id == 1 && operation.Kind == OperationKind.Add)
                    outcome.Add(new Witness(WitnessRole.Placed, new PageRange(32, 8)));
                return true;
            },
        };

        var targets = TargetsOf(machine, Runs.AddBlocks(1, 1), Runs.AddBlocks(2, 1), Operation.Tick(1),
            Operation.Eject(Name.Device(1)), Operation.Eject(Name.Device(2)));

        Assert.Equal(new PageRange(32, 8), targets[3]?.Range);
        Assert.Null(targets[4]);
    }

    [Fact]
    public void A_device_that_is_gone_is_gone_though_its_neighbour_stays()
    {
        var targets = TargetsOf(new FakeMachine(), Runs.AddBlocks(1, 1), Runs.AddBlocks(2, 1), Operation.Remove(Name.Device(1)),
            Operation.Offline(Runs.Block(1, 0)), Operation.Offline(Runs.Block(2, 0)), Runs.AddBlocks(1, 1));

        Assert.Equal([true, true, true, false, true, true], targets.Select(static t => t is not null));
    }

    [Fact]
    public void The_first_page_of_a_block_is_a_page_and_no_block()
    {
        var block = Runs.Block(1, 0);
        var targets = TargetsOf(new FakeMachine(), Runs.AddBlocks(1, 1), Operation.Get(block.WithPage(0)), Operation.Offline(block));
        Assert.Equal([1L, 8L], targets[1..].Select(static t => t!.Value.Range.Count));
    }

    [Fact]
    public void A_page_that_was_lost_to_a_failure_is_not_bound() => Ends.InTime(static () =>
    {
        var machine = WithWitness(OperationKind.Poison, new Witness(WitnessRole.Released, new PageRange(4, 1)));

        var targets = TargetsOf(machine, s_alloc, Operation.Poison(Name.Allocation(1).WithPage(4)), Get(3), Get(4), Get(5));

        Assert.Equal([true, false, true], targets[2..].Select(static t => t is not null));
    });

    private static Operation Get(long page) => Operation.Get(Name.Allocation(1).WithPage(page));

    private static FakeMachine WithWitness(OperationKind kind, Witness witness) => new()
    {
        Instead = (operation, _, outcome) =>
        {
            if (operation.Kind == kind)
                outcome.Add(witness);
            return false;
        },
    };

    // One entry for every operation: null if it was not bound.
    private static List<Target?> TargetsOf(FakeMachine machine, params ImmutableArray<Operation> operations)
    {
        var result = Runs.Of(machine, operations);
        Assert.Equal(Verdict.Conforms, result.Verdict);
        var asked = new Queue<Target>(machine.Asked.Select(static a => a.Target));
        return [.. result.Answers.Select(a => a == Answer.Unbound ? (Target?)null : asked.Dequeue())];
    }
}
