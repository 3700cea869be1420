using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Hotplug.Adapters.Dll;
using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Replay;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Arbitraries;
using Hotplug.Generators.Topologies;
using Hotplug.Invariants;
using Hotplug.Model;
using Xunit;
using Runner = Hotplug.Engine.Run.Runner;

namespace Hotplug.Properties;

/// <summary>
/// What every machine is claimed to keep, one property per family: traces steered towards the family, judged after
/// every operation by its invariants and by the reference model. A machine that runs in process, in whatever project,
/// gets them all in one line: <c>public sealed class MyMachineConforms() : MachineProperties(new MyMachine());</c>.
/// </summary>
/// <remarks>
/// A property asks of a machine what the levels that it declares demand. Where no rule of a family applies to it, the
/// property holds by itself.
/// </remarks>
[Properties(MaxTest = 100, EndSize = 80, Replay = "20191024,183", QuietOnSuccess = true)]
public abstract class MachineProperties(IMachine machine) : IDisposable
{
    [Property]
    public Property Blocks_go_from_state_to_state_as_the_kernel_lets_them() => Keeps(Family.Blocks);

    [Property]
    public Property Zones_span_and_count_their_online_blocks() => Keeps(Family.Zones);

    [Property]
    public Property No_page_is_lost_and_none_is_in_two_places() => Keeps(Family.Conservation);

    [Property]
    public Property References_are_those_that_somebody_holds() => Keeps(Family.References);

    [Property]
    public Property PageOffline_survives_until_its_block_is_offline() => Keeps(Family.PageOffline);

    [Property]
    public Property Vmemmap_comes_and_goes_with_its_block() => Keeps(Family.Vmemmap);

    [Property]
    public Property Accounts_agree_across_zones_and_nodes() => Keeps(Family.Accounting);

    [Property]
    public Property Notifications_come_in_order_and_are_taken_back() => Keeps(Family.Notifiers);

    [Property]
    public Property A_failure_leaves_things_as_they_were() => Keeps(Family.Rollback);

    [Property]
    public Property Balloons_hold_what_they_took() => Keeps(Family.Balloon);

    [Property]
    public Property Loans_end_where_memory_leaves() => Keeps(Family.Cmm);

    [Property]
    public Property Device_memory_is_plugged_and_unplugged_by_sub_block() => Keeps(Family.DeviceMemory);

    [Property]
    public Property Poison_stays_where_it_struck() => Keeps(Family.Poison);

    [Property]
    public Property Callbacks_keep_from_the_buddy_what_nothing_backs() => Keeps(Family.Callback);

    [Property]
    public Property A_contiguous_allocation_takes_its_range_or_nothing() => Keeps(Family.Contig);

    [Property]
    public Property Per_CPU_lists_lose_no_page() => Keeps(Family.Pcplists);

    [Property]
    public Property The_machine_does_not_complain() => Keeps(Family.Machine);

    // Terabytes on several sockets: for machines that have nodes.
    [Property(MaxTest = 12, Arbitrary = [typeof(ContractArbitraries)])]
    public void A_host_of_plausible_size_takes_and_gives_back_its_DIMMs(Topology host)
    {
        if (machine.Identity.Levels.HasFlag(Levels.Numa))
            Conforms(new Runner(machine, new Suite(new ReferenceModel(), Catalogue.All)),
                new Trace(host.ToSpec(), [.. LifeOf(host)]));
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes of the machine.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            machine.Dispose();
    }

    private Property Keeps(Family family)
    {
        var invariants = Catalogue.All.Where(i => i.Family == family && i.AppliesTo(machine.Identity)).ToArray();
        if (invariants.Length == 0)
            return true.ToProperty();
        var rig = new Rig(machine, new Suite(new ReferenceModel(), [.. invariants]), new Sequences(family));
        var runner = new Runner(machine, rig.Suite);
        return Prop.ForAll(GuidedTraces.Of(rig), trace => Conforms(runner, trace));
    }

    // Two DIMMs and two blocks of each have to do: what is checked after every step grows with what is there.
    private static IEnumerable<Operation> LifeOf(Topology host)
    {
        foreach (var add in host.AddAll().Take(2))
        {
            yield return add;
            var first = add.Subject.WithBlock(0);
            var second = add.Subject.WithBlock(1);
            var allocation = Name.Allocation(add.Subject.Id);
            yield return Operation.Online(first, OperationKind.OnlineMovable);
            yield return Operation.Online(second);
            yield return Operation.Alloc(allocation, 70_000, node: add.Node);
            yield return Operation.Offline(first);
            yield return Operation.Remove(add.Subject);
            yield return Operation.Free(allocation);
            yield return Operation.Eject(add.Subject);
        }
    }

    private void Conforms(Runner runner, Trace operations)
    {
        var result = runner.Run(operations.Spec, new TraceSource(operations.Operations), operations.Operations.Length);
        if (result.Verdict == Verdict.Conforms)
            return;
        // Kept where the printed command finds it, before it is reported.
        var folder = Path.Combine(AppContext.BaseDirectory, "failures");
        var trace = result.ToTrace();
        var type = machine.GetType();
        if (type.Assembly != typeof(BitmapMachine).Assembly)
            trace = trace.WithNote("target", MachineAssembly.NameOf(type));
        var file = new FailureDatabase(folder).Write(result.Violation!.Rule, trace);
        var report = FailureReport.Print(new Failure(machine.Identity, result, result.Executed.Length) { File = file },
            $"dotnet run --project src/Hotplug.Cli -c Release -- replay {file}");
        Assert.Fail(report);
    }
}
