using Hotplug.Contract;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>A balloon holds as many pages as it says, whatever was done.</summary>
internal static class BalloonCheck
{
    private static readonly Citation s_fill = new("v6.12", "drivers/virtio/virtio_balloon.c", "fill_balloon");

    public static Violation? Check(State? before, State next, Transition seen)
    {
        if (before is null || !seen.Sees(Visibility.Owners | Visibility.Placement))
            return null;
        foreach (var balloon in next.Balloons)
        {
            var said = balloon.Pages - before.Find(balloon.Driver)!.Value.Pages;
            var grown = PageCounts.Grown(seen, balloon.Owner, static (page, owner) => page.Has(PageFlags.Offline) && page.Owner == owner);
            if (grown != said)
                return new("balloon.pages", $"balloon {Words.Of(balloon.Driver)}", $"{said} more pages of it, as it says", $"{grown}", s_fill);
        }

        return null;
    }
}
