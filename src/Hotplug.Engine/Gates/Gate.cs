using Hotplug.Engine.Run;

namespace Hotplug.Engine.Gates;

/// <summary>
/// A campaign: kept failures first, then sequences 0, 1, 2, … of a seed, until the budget is used up or one of them
/// does not conform; that one is kept, shrunk and reported.
/// </summary>
/// <param name="open">Opens one rig for every worker. What it throws reaches the caller.</param>
public sealed class Gate(Func<Rig> open)
{
    /// <summary>Runs the campaign.</summary>
    public GateResult Run(GateOptions options)
    {
        if (options.Workers < 1)
            throw new ArgumentException($"workers={options.Workers}: allowed is 1 and more", nameof(options));
        var campaign = new Campaign(options, open);
        if (options.Clock is not { } clock)
            return campaign.Run(null);
        using var deadline = new Deadline(clock, options.OperationLimit);
        return deadline.Await(() => campaign.Run(deadline), campaign.Hung);
    }
}
