using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>Operations that change nothing but the structure, and refusals that it alone explains.</summary>
internal static class Settings
{
    /// <summary>Judges all of it at once, as the sequential model does.</summary>
    public static Judgement End(in Turn turn)
    {
        if (IsLockedMeanwhile(turn))
            return turn.Ends(turn.State);
        var judgement = Structural.Judge(turn.Structure, turn.Call);
        return judgement.IsPermitted
            ? turn.Ends(turn.State with { Structure = (State)judgement.Next! })
            : judgement;
    }

    // An offlining holds pcp_batch_high_lock for as long as it goes on.
    private static bool IsLockedMeanwhile(in Turn turn)
    {
        if (turn.Operation is not { Kind: OperationKind.Pcp, Choice: (byte)PcpAction.Disable } || !turn.Is(Errno.EBUSY))
            return false;
        foreach (var other in turn.Overlapping)
            foreach (var effect in other.Outcome.Effects)
                if (effect.Kind == EffectKind.LruDisabled)
                    return true;
        return false;
    }
}
