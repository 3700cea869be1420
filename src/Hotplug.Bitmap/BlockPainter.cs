using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Writes the pages of a block into an observation, run by run.</summary>
internal sealed class BlockPainter(MachineState state, BuddyAllocator buddy)
{
    public void Paint(MemoryBlock block, BlockObservation seen)
    {
        seen.Stamp = block.Stamp;
        seen.State = block.State;
        seen.IsRegistered = block.IsRegistered;
        seen.Node = block.Node;
        seen.Zone = block.IsOnline ? block.Zone : block.DefaultZone;
        seen.OtherZone = block.IsOnline ? ZoneKind.None : block.OtherZone;
        seen.Pages.Clear();
        if (!block.IsOnline)
        {
            seen.Pages.Add(state.Layout.PagesPerBlock, PageState.None);
            return;
        }

        var isPlain = block.Poisoned.Count == 0 && block.Referenced == 0;
        PaintVmemmap(block, seen.Pages, isPlain);
        PaintPart(block, seen.Pages, block.Vmemmap, state.Layout.PagesPerBlock - block.Hole, isPlain);
        seen.Pages.Add(block.Hole, PageState.None);
    }

    // The head of a memmap group differs from its other pages by its references.
    private void PaintVmemmap(MemoryBlock block, PageRuns runs, bool isPlain)
    {
        var head = Math.Min(1, block.Vmemmap);
        if (!isPlain)
        {
            PaintPart(block, runs, 0, block.Vmemmap, isPlain);
            return;
        }

        runs.Add(head, StateOf(block, PageUse.Kernel, 0, owner: 0));
        runs.Add(block.Vmemmap - head, StateOf(block, PageUse.Kernel, head, owner: 0));
    }

    private void PaintPart(MemoryBlock block, PageRuns runs, int start, int end, bool isPlain)
    {
        for (var offset = start; offset < end;)
        {
            var use = state.UseAt(block, offset);
            if (use == PageUse.Free)
            {
                if (block.OnPcplists.Count > 0 && block.PcplistOf(offset) is >= 0 and var cpu)
                {
                    runs.Add(1, PageState.Listed(cpu));
                    offset++;
                    continue;
                }

                var order = buddy.OrderAt(block, offset);
                var after = buddy.EndOfChunks(block, offset, order);
                runs.Add(after - offset, PageState.Free(order));
                offset = after;
                continue;
            }

            var runEnd = state.RunEnd(block, offset, end);
            var owner = use switch
            {
                PageUse.Ballooned => PageState.BalloonOwner,
                PageUse.Unplugged or PageUse.NeverOnlined => (byte)block.Memory,
                _ => (byte)0,
            };
            if (state.HasOtherBalloons && block.Runs >= 0 && use is PageUse.Ballooned or PageUse.Unplugged)
                (owner, runEnd) = OwnerAt(block, offset, runEnd, owner);
            if (use == PageUse.Kernel && block.Cmm is { } cmm)
                runEnd = cmm.RunEnd(offset, runEnd);
            if (isPlain)
                runs.Add(runEnd - offset, StateOf(block, use, offset, owner));
            else
                for (var i = offset; i < runEnd; i++)
                    runs.Add(1, SpecialStateOf(block, use, i, owner));
            offset = runEnd;
        }
    }

    // What no balloon holds is the device memory's.
    private (byte Owner, int End) OwnerAt(MemoryBlock block, int offset, int limit, byte otherwise)
    {
        var first = state.PageOf(block, 0);
        var (owner, end) = state.Runs.OwnerAt(block, first + offset, first + limit);
        return (owner == 0 ? otherwise : owner, (int)(end - first));
    }

    private PageState SpecialStateOf(MemoryBlock block, PageUse use, int offset, byte owner)
    {
        var page = StateOf(block, use, offset, owner);
        var extra = block.Referenced == 0 ? 0 : state.References.Of(state.PageOf(block, offset));
        if (extra > 0)
            page = page with { References = page.References + extra };
        if (!block.IsPoisoned(offset))
            return page;
        var flags = page.Flags & ~(PageFlags.Movable | PageFlags.Unmigratable);
        return page with { Flags = (page.Has(PageFlags.Offline) ? page.Flags : flags) | PageFlags.HwPoison };
    }

    private PageState StateOf(MemoryBlock block, PageUse use, int offset, byte owner)
    {
        if (offset < block.Vmemmap)
            return new PageState(VmemmapFlags, 0, 0, offset == 0 ? Math.Max(1, block.HeadReferences) : 1);
        return use switch
        {
            PageUse.Movable => new PageState(PageFlags.InUse | PageFlags.Movable, 0, 0, 1),
            PageUse.Pinned => new PageState(PageFlags.InUse | PageFlags.Movable, 0, 0, 2),
            PageUse.Unmigratable => new PageState(PageFlags.InUse | PageFlags.Unmigratable, 0, 0, 1),
            PageUse.NeverOnlined when block.Driver != CallbackOwner.Generic => UnbackedOf(block),
            PageUse.NeverOnlined => new PageState(
                PageFlags.Offline | PageFlags.NeverOnlined, 0, owner, OfflineReferences(block)),
            PageUse.Unplugged => new PageState(
                PageFlags.Offline, 0, owner, owner < PageState.BalloonOwner ? OfflineReferences(block) : 1),
            PageUse.Ballooned => new PageState(PageFlags.Offline | PageFlags.Movable, 0, owner, 1),
            _ => new PageState(PageFlags.InUse | PageFlags.Kernel, 0, OwnerOf(block, offset), 1),
        };
    }

    private static byte OwnerOf(MemoryBlock block, int offset) => block.Cmm is not { Count: > 0 } cmm || !cmm.Has(offset) ? (byte)0
        : cmm.IsList(offset) ? PageState.LoanListOwner
        : PageState.LoanOwner;

    // Xen has them in its balloon; nobody has those that Hyper-V keeps out. 6.1 leaves them as raw as they were.
    private PageState UnbackedOf(MemoryBlock block) => new(
        PageFlags.Offline | PageFlags.Unbacked
            | (state.Spec.Dialect.Has(DialectItem.RawPagesReserved) ? PageFlags.Reserved : PageFlags.None),
        0, block.Driver == CallbackOwner.Xen ? Balloon.OwnerOf(BalloonDriver.Xen) : (byte)0, 1);

    private PageFlags VmemmapFlags => state.Spec.Dialect.Has(DialectItem.VmemmapNotReserved)
        ? PageFlags.Vmemmap
        : PageFlags.Vmemmap | PageFlags.Reserved;

    private int OfflineReferences(MemoryBlock block) => state.IsOfflineUnreferenced(block) ? 0 : 1;
}
