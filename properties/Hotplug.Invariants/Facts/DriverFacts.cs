using System.Collections.Immutable;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants.Facts;

/// <summary>
/// What balloons, device memory, CMM and online callbacks meet. See <see cref="Balloons"/>,
/// <see cref="DeviceMemories"/>, <see cref="Loans"/> and <see cref="Callbacks"/>.
/// </summary>
internal static class DriverFacts
{
    private static readonly Occasion s_offline = Occasion.Of(OperationKind.Offline);
    private static readonly Occasion s_refused = s_offline.And(When.Refused);

    internal static ImmutableArray<Sometimes> All { get; } =
    [
        new("balloon.migrated-by-offline", "A block goes offline after the pages that a balloon held in it migrated.",
            Levels.Balloon, s_offline, static seen => seen.Answer.IsOk && Steps.Block(seen) is { Pages.Ballooned: > 0 }),
        new("balloon.keeps-online", "Pages of a balloon that cannot move keep their block online.",
            Levels.Balloon, s_refused, static seen => seen.Answer == Answer.Of(Errno.EBUSY)
                && Steps.Block(seen) is { Pages.Ballooned: > 0 }),
        new("balloon.falls-short", "A balloon gets fewer pages than it asked for.",
            Levels.Balloon, Occasion.Of(OperationKind.Inflate), static seen => seen.Answer.IsOk
                && seen.Outcome.PagesOf(WitnessRole.Taken) < seen.Operation.Amount),
        new("balloon.gives-back-on-oom", "A balloon gives pages back because memory ran out.",
            Levels.Balloon | Levels.Cmm, Occasion.Of(OperationKind.Oom), static seen => HeldBy(seen.After, BalloonDriver.Virtio)
                < HeldBy(seen.Before, BalloonDriver.Virtio)),
        new("balloon.adds-memory", "Xen's balloon deflates beyond what it holds and adds memory.",
            Levels.Balloon | Levels.OnlineCallback, Occasion.Of(OperationKind.Deflate).And(When.BlocksChange),
            AddsBlock),
        new("balloon.page-soft-offlined", "A page that a balloon holds is moved away and poisoned.",
            Levels.Balloon | Levels.Hwpoison, Occasion.Of(OperationKind.SoftOffline),
            static seen => seen.Answer.IsOk && Steps.Page(seen) is { Owner: >= PageState.BalloonOwner }),
        new("device-memory.partly-plugged-offlined", "A partly plugged block goes offline.",
            Levels.DeviceMemory, s_offline, static seen => seen.Answer.IsOk && Steps.Any(seen, EffectKind.ReferencesDropped)),
        new("device-memory.references-taken-back", "A cancelled offline gives unplugged pages their references back.",
            Levels.DeviceMemory, s_refused, static seen => Steps.Any(seen, EffectKind.ReferencesTaken)),
        new("device-memory.block-leaves", "An unplug empties a block, which leaves.",
            Levels.DeviceMemory, When.Resizing, static seen => seen.Operation.Kind == OperationKind.Unplug
                && seen.Answer.IsOk && Steps.Any(seen, EffectKind.BlockDestroyed)),
        new("device-memory.block-stays", "An unplug cannot take a block out of use: refused half way.",
            Levels.DeviceMemory, When.Resizing.And(When.Refused), static seen => seen.Operation.Kind == OperationKind.Unplug
                && seen.Outcome.PagesOf(WitnessRole.Unplugged) > 0),
        new("device-memory.resize-falls-short", "A resize reaches a part of what was asked for.",
            Levels.DeviceMemory, When.Resizing.And(When.Refused), static seen => seen.Operation.Kind == OperationKind.Resize
                && seen.Outcome.PagesOf(WitnessRole.Unplugged) + seen.Outcome.PagesOf(WitnessRole.Plugged) > 0),
        new("device-memory.foreign-page-offline", "Unplugged pages whose driver does not listen keep their block online.",
            Levels.DeviceMemory, s_refused, static seen => seen.Answer == Answer.Of(Errno.EBUSY)
                && Steps.Block(seen) is { Pages: { } pages } && pages.Offline > pages.Ballooned
                && !Steps.Any(seen, EffectKind.ReferencesDropped)),
        new("device-memory.plugged-online", "Sub-blocks are plugged into a block that is online: pages go to the buddy.",
            Levels.DeviceMemory, When.Resizing.And(Occasion.Of(EffectKind.PagesToBuddy)), static seen => seen.Answer.IsOk),
        new("cmm.gives-back-at-offline", "A block that is to leave gets its loaned pages back.",
            Levels.Cmm, s_offline, static seen => Steps.Any(seen, EffectKind.PagesActive)),
        new("cmm.list-page-moves", "A list page in a block that leaves is replaced.",
            Levels.Cmm, s_offline, static seen => seen.Answer.IsOk && Steps.Any(seen, EffectKind.LoanListAdded)
                && Steps.Any(seen, EffectKind.LoanListFreed)),
        new("cmm.list-page-not-replaced", "There is no page to replace a list page by: the offline is refused.",
            Levels.Cmm, s_refused, static seen => Steps.Any(seen, EffectKind.LoaningHalted)
                && Steps.Any(seen, EffectKind.FaultInjected, (long)VetoPoint.LoanList)),
        new("cmm.resumes-after-refusal", "Somebody else refuses an offline: CMM gives its mutex back.",
            Levels.Cmm, s_refused, static seen => Steps.Any(seen, EffectKind.LoaningHalted)
                && Steps.Any(seen, EffectKind.LoaningResumed)),
        new("cmm.loan-refused", "The hypervisor refuses a page.", Levels.Cmm | Levels.Faults, Occasion.Of(OperationKind.Tick),
            static seen => Steps.Any(seen, EffectKind.FaultInjected, (long)VetoPoint.Loan)),
        new("cmm.gives-back-on-oom", "CMM gives pages back because memory ran out.",
            Levels.Cmm, Occasion.Of(OperationKind.Oom), static seen => Steps.Any(seen, EffectKind.PagesActive)),
        new("cmm.sleeps-out-the-delay", "CMM's thread notices a removal and sleeps.", Levels.Cmm,
            Occasion.Of(OperationKind.Tick), static seen => seen.After.Loans is { Paused: true }
                && seen.Before.Loans is { Paused: false }),
        new("cmm.counted-for-isolation", "Isolation counts loaned pages as pages that will be given back.",
            Levels.Cmm, Occasion.Of(EffectKind.IsolationCounted), CountsLoans),
        new("callback.kept-xen", "Xen's callback keeps pages from the buddy.", Levels.OnlineCallback,
            Occasion.Of(EffectKind.PagesKeptOffline), static seen => Kept(seen, CallbackOwner.Xen)),
        new("callback.kept-hyper-v", "Hyper-V's callback keeps pages from the buddy.", Levels.OnlineCallback,
            Occasion.Of(EffectKind.PagesKeptOffline), static seen => Kept(seen, CallbackOwner.HyperV)),
        new("callback.kept-virtio-mem", "virtio-mem's callback keeps pages from the buddy.", Levels.OnlineCallback,
            Occasion.Of(EffectKind.PagesKeptOffline), static seen => Kept(seen, CallbackOwner.VirtioMem)),
        new("callback.backed-online", "Pages of an online block are backed, and go to the buddy.", Levels.OnlineCallback,
            Occasion.Of(OperationKind.Back).And(Occasion.Of(EffectKind.PagesToBuddy)), static seen => seen.Answer.IsOk),
        new("callback.unregistered", "Memory that user space does not see comes online with its add.",
            Levels.OnlineCallback, Occasion.Of(OperationKind.Add), static seen => seen.Answer.IsOk
                && seen.Operation.Fourth == (byte)BlockDevices.Unregistered && Steps.Any(seen, EffectKind.SectionsOnline)),
        new("callback.restored", "A driver takes its callback back.", Levels.OnlineCallback,
            Occasion.Of(OperationKind.SetCallback), static seen => seen.Answer.IsOk
                && seen.Operation.Second == (byte)CallbackAction.Restore),
    ];

    private static bool Kept(Transition seen, CallbackOwner owner) =>
        Steps.Any(seen, EffectKind.PagesKeptOffline, (long)owner);

    private static bool AddsBlock(Transition seen)
    {
        foreach (ref readonly var change in seen.Changed)
            if (change.Before is null && change.After is not null)
                return true;
        return false;
    }

    private static bool CountsLoans(Transition seen)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect is { Kind: EffectKind.IsolationCounted, Value: > 0 })
                return true;
        return false;
    }

    private static long HeldBy(Observation observation, BalloonDriver driver) => observation.Balloon(driver)?.Pages ?? 0;
}
