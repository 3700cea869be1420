using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.Checks;
using Hotplug.Model.Operations;
using Hotplug.Model.States;

namespace Hotplug.Model;

/// <summary>
/// The reference model: memory hotplug as a relation. Pure – the same question always has the same answer – slow and
/// obvious. It knows no machine; what a machine was free to choose is read from its witness and observations.
/// </summary>
public sealed class ReferenceModel : ISpecification
{
    /// <inheritdoc/>
    public Judgement Begin(Transition start)
    {
        var spec = start.Spec;
        var state = new State
        {
            Spec = spec,
            AutoOnline = spec.AutoOnline,
            AutoMovable = spec.AutoMovable,
            MemmapOnMemory = spec.MemmapOnMemory,
            DeviceMemories = [.. spec.DeviceMemories.Select((m, i) => Unplugged(spec, i + 1, start.After.Sees(Visibility.Owners)))],
            Blocks = [.. BootBlocks(start)],
            PoisonBase = Math.Max(0, start.After.PoisonedPages),
            Callbacks = Operations.Callbacks.AtStart(spec),
            Loans = spec.HasCmm && start.Levels.HasFlag(Levels.Cmm) ? Loans.AtStart : null,
            Balloons = [.. spec.Balloons.Where(static b => b.Driver != BalloonDriver.Cmm).Select(b => new Balloon(b.Driver, start.After.Balloon(b.Driver)?.Pages ?? 0))],
        };
        state = state with { Bases = [.. Bases(state, start)] };
        return Settlement.Judge(null, state, start, PageRule.Nothing);
    }

    /// <inheritdoc/>
    public Judgement Judge(object state, Transition seen)
    {
        var ruling = new Ruling((State)state, seen);
        if (seen.Answer.Completion is Completion.Unbound or Completion.Rejected)
            return ruling.PermitUnchanged();
        if (Refusals.MustHaveFailed(ruling) is { } wrong)
            return Judgement.Refuted(wrong);
        return seen.Operation.Kind switch
        {
            OperationKind.Add => Adding.Judge(ruling),
            OperationKind.Remove => Removing.JudgeRemove(ruling),
            OperationKind.OfflineRemove => Removing.JudgeOfflineRemove(ruling),
            OperationKind.Eject => Removing.JudgeEject(ruling),
            OperationKind.Online => Onlining.JudgeWrite(ruling, AutoOnline.Online),
            OperationKind.OnlineKernel => Onlining.JudgeWrite(ruling, AutoOnline.OnlineKernel),
            OperationKind.OnlineMovable => Onlining.JudgeWrite(ruling, AutoOnline.OnlineMovable),
            OperationKind.Offline => Offlining.JudgeWrite(ruling),
            OperationKind.WriteState => Writing.JudgeState(ruling),
            OperationKind.WriteOnline => Writing.JudgeOnline(ruling),
            OperationKind.Alloc => Allocating.JudgeAlloc(ruling),
            OperationKind.Free => Allocating.JudgeFree(ruling),
            OperationKind.Get when seen.Operation.Subject.Kind != NameKind.Allocation => OfflinePages.JudgeGet(ruling),
            OperationKind.Put when seen.Operation.Subject.Kind != NameKind.Allocation => OfflinePages.JudgePut(ruling),
            OperationKind.Get => Allocating.JudgeGet(ruling),
            OperationKind.Put => Allocating.JudgePut(ruling),
            OperationKind.Contig => Contiguous.JudgeContig(ruling),
            OperationKind.ContigFree => Contiguous.JudgeFree(ruling),
            OperationKind.Inflate or OperationKind.Deflate or OperationKind.BalloonTarget => Ballooning.Judge(ruling),
            OperationKind.Back => Callbacks.JudgeBack(ruling),
            OperationKind.SetCallback => Callbacks.JudgeSet(ruling),
            OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize => Plugging.Judge(ruling),
            OperationKind.LoanTarget => Loaning.JudgeTarget(ruling),
            OperationKind.Oom => Loaning.JudgeOom(ruling),
            OperationKind.Poison or OperationKind.HardOffline => Poisoning.JudgePoison(ruling),
            OperationKind.SoftOffline => Poisoning.JudgeSoft(ruling),
            OperationKind.Unpoison => Poisoning.JudgeUnpoison(ruling),
            OperationKind.Veto => Settings.JudgeVeto(ruling),
            OperationKind.NotifierError => Settings.JudgeNotifierError(ruling),
            OperationKind.Pcp => Listing.Judge(ruling),
            OperationKind.Policy => Settings.JudgePolicy(ruling),
            OperationKind.Tick => ruling.State.Loans is null ? Settings.JudgeTick(ruling) : Loaning.JudgeTick(ruling),
            _ => throw new ArgumentException($"the model has no level {OperationTable.Of(seen.Operation.Kind).Level}, which '{seen.Operation}' needs", nameof(seen)),
        };
    }

    /// <summary>States are immutable: any stays valid.</summary>
    public object Retain(object state) => state;

    /// <inheritdoc/>
    public void Describe(object state, Menu menu) => MenuWriter.Write((State)state, menu);

    private static DeviceMemory Unplugged(MachineSpec spec, int id, bool mapKnown) => new(id, 0)
    {
        Map = mapKnown
            ? [.. new ulong[(spec.RegionOf(id).Count / spec.DeviceMemories[id - 1].SubBlockPages + 63) / 64]]
            : default,
    };

    private static IEnumerable<Block> BootBlocks(Transition start)
    {
        foreach (var shown in start.After.Blocks.ToArray())
        {
            var range = start.Spec.PagesOf(shown.Block);
            var hole = 0;
            var runs = shown.Pages.Runs;
            if (runs.Length > 0 && runs[^1].State.Has(PageFlags.NoPage))
                hole = runs[^1].Count;
            yield return new Block(shown.Block, shown.Node, 0, range with { Count = range.Count - hole })
            {
                Online = shown.IsOnline,
                Zone = shown.IsOnline ? shown.Zone : ZoneKind.None,
                Fixed = shown.Zone == ZoneKind.None || (start.Spec.PcBoot && shown.Block == start.Spec.BootBlocks - 1),
            };
        }
    }

    // What the blocks do not account for, taken once from the first observation.
    private static IEnumerable<ZoneBase> Bases(State state, Transition start)
    {
        foreach (var zone in start.After.Zones.ToArray())
        {
            long counted = 0;
            PageRange range = default;
            foreach (var block in state.Blocks)
                if (block.ZoneId == zone.Id)
                    counted += block.Range.Count;
                else if (block is { Online: true, Zone: ZoneKind.None } && block.Range.Intersects(zone.Span))
                    range = new PageRange(Math.Max(block.Range.Start, zone.Start), Math.Min(block.Range.End, zone.Span.End) - Math.Max(block.Range.Start, zone.Start));
            if (zone.Present != counted || range.Count > 0)
                yield return new ZoneBase(zone.Id, range, zone.Present - counted, zone.Id.IsKernel ? zone.Present - counted : 0);
        }
    }
}
