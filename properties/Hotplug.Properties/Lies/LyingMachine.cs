using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Properties.Lies;

/// <summary>
/// A machine that does everything right and tells one lie, from its <paramref name="first"/>-th operation on, as soon
/// as there is something to lie about; where there is a choice, the number decides what about. What follows is true
/// again.
/// </summary>
public sealed class LyingMachine(IMachine inner, Lie lie, int first) : IMachine
{
    private readonly Observation _truth = new();
    private readonly Observation _before = new();
    private readonly Outcome _outcome = new();
    private readonly FalseObservation _false = new();
    private MachineSpec _spec = new();
    private int _executed;
    private OperationKind _done;
    private object? _unarmed;
    private Errno _armed;

    /// <summary>The lie was told.</summary>
    public bool Lied { get; private set; }

    /// <summary>What the lie was, for a report.</summary>
    public string Told { get; private set; } = "";

    public MachineIdentity Identity => inner.Identity;

    public void Reset(MachineSpec spec)
    {
        _spec = spec;
        _executed = 0;
        _unarmed = null;
        Lied = false;
        Told = "";
        inner.Reset(spec);
    }

    public void Execute(in Operation operation, in Target target, Outcome outcome)
    {
        _executed++;
        _done = operation.Kind;
        _outcome.Clear();
        if (ShouldLie && lie == Lie.ForgetsVeto && operation.Kind == OperationKind.Veto)
            (_unarmed, _armed) = (((ISnapshots)inner).Snapshot(), operation.Errno);
        inner.Execute(operation, target, _outcome);
        if (_unarmed is not null && operation.Kind is not (OperationKind.Veto or OperationKind.Tick))
            ForgetVeto(operation, target);
        outcome.Answer = _outcome.Answer;
        outcome.Log = _outcome.Log;
        if (ShouldLie)
            LieInAnswer(operation, outcome);
        var hides = ShouldLie && lie == Lie.HidesWitness && IsReliedOn && Tell($"hides witness of '{operation}'");
        var shifts = ShouldLie && lie == Lie.ShiftsWitness && IsReliedOn
            && Tell($"shifts witness of '{operation}'");
        foreach (ref readonly var witness in _outcome.Witness)
            if (!hides)
                outcome.Add(shifts ? witness with { Range = witness.Range with { Start = witness.Range.Start + 1 } } : witness);
        CopyEffects(operation, outcome);
    }

    public void Observe(Observation observation)
    {
        var isBlurred = _truth.DeviceInFlight || _truth.BalloonInFlight;
        _before.CopyFrom(_truth);
        inner.Observe(_truth);
        isBlurred |= _truth.DeviceInFlight || _truth.BalloonInFlight;
        observation.CopyFrom(_truth);

        // Of what is still worked on nobody knows more than what is seen.
        if (ShouldLie && _executed > 0 && !isBlurred && _false.Write(lie, _spec, _done, first, _before, _truth, observation) is { } told)
            Tell(told);
    }

    public void Dispose() => inner.Dispose();

    // A culprit, or the pages that a free gave back, can be seen anyway: nobody has to believe them.
    private bool IsReliedOn => !_outcome.Witness.IsEmpty && _outcome.Witness[0].Role is not (WitnessRole.Culprit or WitnessRole.Released);

    private bool ShouldLie => !Lied && _executed >= first;

    private bool Tell(string told)
    {
        Lied = true;
        Told = told;
        return true;
    }

    // What failed only because it was armed to is done once more, by the machine that nobody armed.
    private void ForgetVeto(in Operation operation, in Target target)
    {
        if (_outcome.Answer == Answer.Of(_armed))
        {
            var refused = ((ISnapshots)inner).Snapshot();
            ((ISnapshots)inner).Restore(_unarmed!);
            _outcome.Clear();
            inner.Execute(operation, target, _outcome);
            if (_outcome.Answer.IsOk)
                Tell($"'{_outcome.Answer}' to '{operation}', which was armed to fail with {ErrnoText.Print(_armed)}");
            else
                ((ISnapshots)inner).Restore(refused);
        }

        _unarmed = null;
    }

    private void LieInAnswer(in Operation operation, Outcome outcome)
    {
        // A policy may be read-only on one machine and not on another: both answers are true.
        if (lie == Lie.SaysOk && operation.Kind != OperationKind.Policy && outcome.Answer.IsErrno && Tell($"ok for {outcome.Answer}"))
            outcome.Answer = Answer.Ok;
        else if (lie == Lie.PrintsWarning && Tell("a warning"))
            outcome.Log = "WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1 __free_one_page";
        else if (lie == Lie.NeverFinishes && Tell("work that goes on"))
            outcome.Log = Outcome.Endless + "kcompactd0";
        else if (lie == Lie.SaysBusy && outcome.Answer.IsOk && Tell("EBUSY for ok"))
            outcome.Answer = Answer.Of(Errno.EBUSY);
        else if (lie == Lie.SaysAnotherErrno && outcome.Answer.IsErrno && Tell($"ETXTBSY for {outcome.Answer}"))
            outcome.Answer = Answer.Of(Errno.ETXTBSY);
    }

    private void CopyEffects(in Operation operation, Outcome outcome)
    {
        var effects = _outcome.Effects.ToArray();
        var early = Array.FindIndex(effects, HasItsPlace);
        var late = Array.FindLastIndex(effects, HasItsPlace);
        if (ShouldLie && lie == Lie.SwapsSteps && early < late && effects[early].Kind != effects[late].Kind
            && Tell($"swaps '{effects[early]}' and '{effects[late]}' of '{operation}'"))
            (effects[early], effects[late]) = (effects[late], effects[early]);
        var hidden = -1;
        if (ShouldLie && lie == Lie.HidesNotification && Array.FindLastIndex(effects, static e => e.Kind == EffectKind.Notified) is >= 0 and var last
            && Tell($"hides {effects[last]}"))
            hidden = last;
        for (var i = 0; i < effects.Length; i++)
            if (i != hidden)
                outcome.Add(effects[i]);
    }

    // Accounting may come before or after what it counts; pages may be handed out in any order.
    private static bool HasItsPlace(Effect effect) => effect.Kind is EffectKind.Notified or EffectKind.MovedToZone
        or EffectKind.RemovedFromZone or EffectKind.SectionsOnline or EffectKind.SectionsOffline or EffectKind.Isolated
        or EffectKind.Unisolated or EffectKind.PcpDisabled or EffectKind.PcpEnabled or EffectKind.ResourceAdded
        or EffectKind.ResourceReleased or EffectKind.BlockCreated or EffectKind.BlockDestroyed or EffectKind.VmemmapFreed
        or EffectKind.VmemmapPopulated or EffectKind.BlockStateChanged;
}
