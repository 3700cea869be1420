using System.Collections.Concurrent;
using System.Numerics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Model.Checks;

/// <summary>
/// The order of steps, where a machine reports them: every operation's effects are a sentence of a small grammar, one
/// letter a step. The sentences are what kprobes recorded on real kernels (kernel-semantics 9.3 G5, 3.0.2).
/// </summary>
internal static class StepCheck
{
    private const int MostSteps = 4096;

    // Letters: P prepare-online, g going-online, c cancel-online, O online, G going-offline, C cancel-offline, F
    // offline, X finish-offline; i/d vmemmap initialised/deinitialised; m/r moved to / removed from zone; b pages to
    // the buddy or kept offline; s/S sections online/offline; p present changed; I/u isolated/unisolated; D/E pcplists
    // disabled/enabled, n drained; l/L LRU caches disabled/enabled; x/T references dropped/taken; 0/1/2 block
    // offline/online/going offline; R/q resource; v/V memmap populated/freed; h references of a vmemmap head; k/K block
    // created/destroyed; N node online.
    private const string Leave = "r(dr?)?X*";
    private const string Online = "(P*((im)?i?mg*(b*spuO*p?1|c*" + Leave + "))?)";
    private const string Offline = "(2p?Dnl(I[Gx]*(SLEpF*" + Leave + "0|u[CT]*LEp?1)|LEp?1))";
    private const string Add = "(RN?(v+h?k+)+|RN?(v*h?k*)*[KVh]*qN?)";
    private const string AddUnregistered = "(RN?v*(P*(mg*(b*spuO*|c*" + Leave + "))?)(V*qN?)?)";
    private const string Remove = "((K+h*V+)+q+N?)";

    // Taking a free page off its list: __page_handle_poison(), mm/memory-failure.c.
    private const string Poison = "(Dn*E)*";
    private const string Plug = $"(b|{Add}|{Online}|{Offline}|{Remove})*";

    // While something is in flight, its steps may come in anybody's operation.
    private const string Unsettled = $"({Poison}{Plug})*";
    private const OperationKind AnyKind = (OperationKind)byte.MaxValue;

    private static readonly Citation s_order = new("v6.12", "mm/memory_hotplug.c", "offline_pages");
    private static readonly Citation s_chunks = new("v6.12", "mm/memory_hotplug.c", "online_pages_range");
    private static readonly Citation s_references = new("v6.12", "drivers/virtio/virtio_mem.c", "virtio_mem_notify_cancel_offline");
    private static readonly Citation s_span = new("v6.12", "mm/memory_hotplug.c", "resize_zone_range");
    private static readonly ConcurrentDictionary<(OperationKind Kind, EffectKinds Shown), StepGrammar> s_sentences = new();

    /// <summary>The violation, if the steps are in no order that a kernel takes, or tell of another span than a zone
    /// has.</summary>
    public static Violation? Check(Transition seen) =>
        CheckOrder(seen) ?? CheckSpans(seen) ?? CheckChunks(seen) ?? CheckReferences(seen);

    private static Violation? CheckSpans(Transition seen)
    {
        if (!seen.Levels.HasFlag(Levels.Effects) || !seen.Steps.Has(EffectKind.SpanChanged) || seen.IsStart || seen.AnythingInFlight
            || !seen.Sees(Visibility.Zones | Visibility.ZoneStart))
            return null;
        foreach (ref readonly var zone in seen.After.Zones)
        {
            var told = seen.Before.Zone(zone.Id).Span;
            foreach (ref readonly var effect in seen.Outcome.Effects)
            {
                if (effect.Kind != EffectKind.SpanChanged || effect.Zone != zone.Id)
                    continue;
                if (effect.Range == told)
                    return new("steps.span", zone.Id.ToString(), "another span with every such step", told.ToString(), s_span);
                told = effect.Range;
            }

            if (told != zone.Span && (told.Count > 0 || zone.Spanned > 0))
                return new("steps.span", zone.Id.ToString(), $"{zone.Span}, as is seen", told.ToString(), s_span);
        }

        return null;
    }

    // online_pages_range() gives pages in chunks that are aligned to their size, of the largest order at most; what a
    // driver decides about comes in its own parts.
    private static Violation? CheckChunks(Transition seen)
    {
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (effect.Kind == EffectKind.PagesToBuddy && effect.Value == (long)CallbackOwner.Generic
                && seen.Spec.DeviceMemoryOf(seen.Spec.BlockOf(effect.Range.Start)) == 0
                && (!BitOperations.IsPow2(effect.Range.Count) || effect.Range.Start % effect.Range.Count != 0
                    || effect.Range.Count > 1L << seen.Spec.MaxOrder))
                return new("steps.chunks", seen.Operation.ToString(), $"aligned chunks of order {seen.Spec.MaxOrder} at most",
                    effect.ToString(), s_chunks, [effect.Range]);
        return null;
    }

    // virtio_mem_notify_cancel_offline(): what was dropped for a removal that failed is taken back, and nothing else.
    private static Violation? CheckReferences(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = 0; i < effects.Length; i++)
            if (effects[i].Kind == EffectKind.ReferencesTaken && !WasDropped(effects[..i], effects[i].Range))
                return new("steps.references", seen.Operation.ToString(), "references taken of pages whose references were dropped",
                    effects[i].ToString(), s_references, [effects[i].Range]);
        return null;
    }

    private static bool WasDropped(ReadOnlySpan<Effect> earlier, PageRange taken)
    {
        foreach (ref readonly var effect in earlier)
            if (effect.Kind == EffectKind.ReferencesDropped && effect.Range == taken)
                return true;
        return false;
    }

    private static Violation? CheckOrder(Transition seen)
    {
        if (!seen.Levels.HasFlag(Levels.Effects) || seen.IsStart || seen.Outcome.Effects.Length > MostSteps)
            return null;
        Span<char> letters = stackalloc char[seen.Outcome.Effects.Length];
        var length = 0;
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (Letter(effect) is not ' ' and var letter)
                letters[length++] = letter;
        if (length == 0)
            return null;   // Every grammar permits that nothing was done.
        var sentence = letters[..length];
        return Sentence(seen.DeviceInFlight ? AnyKind : seen.Operation.Kind, seen.Steps).Permits(sentence) ? null
            : new("steps.order", seen.Operation.ToString(), "steps in an order that the kernel takes", Describe(seen), s_order);
    }

    private static string Grammar(OperationKind kind) => kind switch
    {
        OperationKind.Online or OperationKind.OnlineKernel or OperationKind.OnlineMovable => Online,
        OperationKind.Offline => $"{Offline}?",
        OperationKind.WriteOnline => $"({Online}|{Offline})?",
        OperationKind.Add => $"({Add}{Online}*|{AddUnregistered})?",
        OperationKind.Remove => $"{Remove}?",
        OperationKind.OfflineRemove or OperationKind.Eject => $"({Offline}|{Online})*{Remove}?",
        OperationKind.Plug or OperationKind.Unplug or OperationKind.Resize or OperationKind.Tick => Plug,
        OperationKind.Poison or OperationKind.Unpoison or OperationKind.SoftOffline or OperationKind.HardOffline => Poison,
        OperationKind.Back or OperationKind.Deflate or OperationKind.BalloonTarget => $"(b|{AddUnregistered})*",
        OperationKind.Contig => "(Inu)?",
        OperationKind.Pcp => "(D?n|E)?",
        AnyKind => Unsettled,
        _ => "",
    };

    private static char Letter(in Effect effect) => effect.Kind switch
    {
        EffectKind.Notified => effect.Notification switch
        {
            MemoryNotification.PrepareOnline => 'P',
            MemoryNotification.GoingOnline => 'g',
            MemoryNotification.CancelOnline => 'c',
            MemoryNotification.Online => 'O',
            MemoryNotification.GoingOffline => 'G',
            MemoryNotification.CancelOffline => 'C',
            MemoryNotification.Offline => 'F',
            _ => 'X',
        },
        EffectKind.VmemmapInitialised => 'i',
        EffectKind.VmemmapDeinitialised => 'd',
        EffectKind.MovedToZone => 'm',
        EffectKind.RemovedFromZone => 'r',
        EffectKind.PagesToBuddy or EffectKind.PagesKeptOffline => 'b',
        EffectKind.SectionsOnline => 's',
        EffectKind.SectionsOffline => 'S',
        EffectKind.PresentChanged => 'p',
        EffectKind.Isolated => 'I',
        EffectKind.Unisolated => 'u',
        EffectKind.PcpDisabled => 'D',
        EffectKind.PcpEnabled => 'E',
        EffectKind.PcpDrained => 'n',
        EffectKind.LruDisabled => 'l',
        EffectKind.LruEnabled => 'L',
        EffectKind.ReferencesDropped => 'x',
        EffectKind.ReferencesTaken => 'T',
        EffectKind.BlockStateChanged => (char)('0' + effect.Value),
        EffectKind.ResourceAdded => 'R',
        EffectKind.ResourceReleased => 'q',
        EffectKind.VmemmapPopulated => 'v',
        EffectKind.VmemmapFreed => 'V',
        EffectKind.VmemmapHeadReference => 'h',
        EffectKind.BlockCreated => 'k',
        EffectKind.BlockDestroyed => 'K',
        EffectKind.NodeOnline => 'N',
        _ => ' ',   // Accounting, migration and poison have no place of their own in the order.
    };

    private static string Describe(Transition seen)
    {
        var steps = new List<string>();
        foreach (ref readonly var effect in seen.Outcome.Effects)
            if (Letter(effect) != ' ')
                steps.Add(effect.Kind == EffectKind.Notified ? Contract.Words.Of(effect.Notification) : Contract.Words.Of(effect.Kind));
        return string.Join(", ", steps);
    }

    private static StepGrammar Sentence(OperationKind kind, EffectKinds shown) => s_sentences.GetOrAdd((kind, shown), s_make);

    // A step that the machine does not report leaves a gap in the sentence.
    private static readonly Func<(OperationKind Kind, EffectKinds Shown), StepGrammar> s_make = static key => new(
        string.Concat(Grammar(key.Kind).Select(c => IsHidden(c, key.Shown) ? "(?:)" : c.ToString())));

    private static bool IsHidden(char letter, EffectKinds shown)
    {
        if (!char.IsAsciiLetterOrDigit(letter))
            return false;
        foreach (var kind in Enum.GetValues<EffectKind>())
            if (shown.Has(kind) && LettersOf(kind).Contains(letter))
                return false;
        return true;
    }

    private static string LettersOf(EffectKind kind) => kind switch
    {
        EffectKind.Notified => "PgcOGCFX",
        EffectKind.BlockStateChanged => "012",
        _ => Letter(new Effect(kind, default)).ToString(),
    };
}
