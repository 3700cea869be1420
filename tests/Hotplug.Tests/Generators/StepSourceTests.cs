using FsCheck.Xunit;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Generators.Specs;
using Hotplug.Generators.Steps;
using Xunit;

namespace Hotplug.Tests.Generators;

public sealed class StepSourceTests
{
    private const Levels EveryLevel = Levels.Core | Levels.Numa | Levels.MemmapOnMemory | Levels.Balloon
        | Levels.DeviceMemory | Levels.Hwpoison | Levels.Faults | Levels.Effects;

    public static TheoryData<Levels> SomeLevels => new(Levels.Core, Levels.Core | Levels.Balloon,
        Levels.Core | Levels.DeviceMemory, Levels.Core | Levels.Faults, Levels.Core | Levels.Hwpoison, EveryLevel);

    [Theory]
    [MemberData(nameof(SomeLevels))]
    public void Only_operations_of_declared_levels_are_drawn(Levels levels)
    {
        for (ulong seed = 0; seed < 50; seed++)
            foreach (var operation in Drawn(seed, levels, 100))
                Assert.True(levels.HasFlag(OperationTable.Of(operation.Kind).Level), operation.ToString());
    }

    [Fact]
    public void Every_operation_of_the_declared_levels_is_drawn()
    {
        var drawn = Enumerable.Range(0, 200).SelectMany(static seed => Drawn((ulong)seed, EveryLevel, 100))
            .Select(static o => o.Kind).ToHashSet();
        Assert.Equal(
            OperationTable.Forms.Where(static f => EveryLevel.HasFlag(f.Level)).Select(static f => f.Kind).Order(),
            drawn.Order());
    }

    [Fact]
    public void Everything_drawn_is_a_line_that_a_trace_reads_back()
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            var trace = new Trace(new MachineSpec(), [.. Drawn(seed, EveryLevel, 100)]);
            Assert.True(TraceText.TryParse(trace.ToString(), out var read, out var error), error?.ToString());
            Assert.Equal(trace.Operations.AsEnumerable(), read.Operations);
        }
    }

    [Property(MaxTest = 50)]
    public bool Equal_seeds_draw_equal_operations(ulong seed) =>
        Drawn(seed, EveryLevel, 100).SequenceEqual(Drawn(seed, EveryLevel, 100));

    [Fact]
    public void Nothing_to_do_lets_time_pass_or_asks_for_what_is_not_there()
    {
        var source = new StepSource(1);
        source.Begin(new MachineSpec(), Levels.Core);
        for (var i = 0; i < 1000; i++)
            Assert.True(source.TryNext(Menus.Bare(), out _));
    }

    [Theory]
    [InlineData(Family.DeviceMemory, OperationKind.Plug)]
    [InlineData(Family.Poison, OperationKind.Poison)]
    [InlineData(Family.Balloon, OperationKind.Inflate)]
    [InlineData(Family.Rollback, OperationKind.Veto)]
    [InlineData(Family.References, OperationKind.Get)]
    public void Steering_draws_more_of_what_exercises_the_family(Family family, OperationKind kind)
    {
        Assert.True(Share(family) > 1.5 * Share(null), $"{Share(family):P1} against {Share(null):P1}");

        double Share(Family? steering) => Enumerable.Range(0, 200)
            .SelectMany(seed => Drawn((ulong)seed, EveryLevel, 100, steering)).Average(o => o.Kind == kind ? 1.0 : 0.0);
    }

    [Fact]
    public void Runs_differ_in_what_they_do_at_all()
    {
        var withoutAlloc = Enumerable.Range(0, 100).Count(static seed =>
            !Drawn((ulong)seed, EveryLevel, 300).Any(static o => o.Kind == OperationKind.WriteOnline));
        Assert.InRange(withoutAlloc, 2, 60);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        var spec = Spec(EveryLevel);
        var menu = Menus.Rich(spec);
        var source = new StepSource(5);
        source.Begin(spec, EveryLevel);
        Walk(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Walk(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Walk(int steps)
        {
            for (var i = 0; i < steps; i++)
                source.TryNext(menu, out _);
        }
    }

    private static List<Operation> Drawn(ulong seed, Levels levels, int count, Family? steering = null)
    {
        var spec = Spec(levels);
        var menu = Menus.Rich(spec);
        var source = new StepSource(seed, steering);
        source.Begin(spec, levels);
        var operations = new List<Operation>();
        while (operations.Count < count && source.TryNext(menu, out var operation))
            operations.Add(operation);
        return operations;
    }

    private static MachineSpec Spec(Levels levels)
    {
        var random = new SplitMix(17);
        var spec = SpecDraw.Toy(ref random, levels);
        while ((levels.HasFlag(Levels.DeviceMemory) && spec.DeviceMemories.IsEmpty)
            || (levels.HasFlag(Levels.Balloon) && spec.Balloons.IsEmpty))
            spec = SpecDraw.Toy(ref random, levels);
        return spec;
    }
}
