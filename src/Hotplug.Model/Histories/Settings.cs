using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Histories;

/// <summary>Operations that change nothing but the structure, and refusals that it alone explains.</summary>
internal static class Settings
{
    /// <summary>Judges all of it at once, as the sequential model does.</summary>
    public static Judgement End(in Turn turn)
    {
        var judgement = Structural.Judge(turn.Structure, turn.Call);
        return judgement.IsPermitted
            ? turn.Ends(turn.State with { Structure = (State)judgement.Next! })
            : judgement;
    }
}
