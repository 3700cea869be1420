namespace Hotplug.Bitmap;

/// <summary>What CMM knows: its list of loaned pages, its target, and what its thread is about to do.</summary>
/// <param name="perList">Addresses that a list page holds.</param>
internal sealed class Cmm(int perList)
{
    /// <summary>Seconds that its thread sleeps between two polls (its module parameter delay).</summary>
    public const int PollDelay = 1;

    /// <summary>The stack of list pages.</summary>
    public LoanList List { get; private init; } = new(perList);

    /// <summary>Pages that the hypervisor wants on loan.</summary>
    public long Target { get; set; }

    /// <summary>Pages given back on OOM: the target stays lower by as many.</summary>
    public long OomFreed { get; set; }

    /// <summary>hotplug_mutex is taken: a removal is active.</summary>
    public bool IsHalted { get; set; }

    /// <summary>hotplug_occurred: a removal began since the thread looked last.</summary>
    public bool HotplugOccurred { get; set; }

    /// <summary>Pages loaned since the removal that is under way began; −1 while there is none. Where operations
    /// overlap.</summary>
    public int LoanedLate { get; set; } = -1;

    /// <summary>Seconds until the thread wakes.</summary>
    public int SecondsToWake { get; set; } = PollDelay;

    /// <summary>The thread sleeps out the delay after a removal.</summary>
    public bool IsPaused { get; set; }

    public Cmm Clone() => new(perList)
    {
        List = List.Clone(),
        Target = Target,
        OomFreed = OomFreed,
        IsHalted = IsHalted,
        HotplugOccurred = HotplugOccurred,
        SecondsToWake = SecondsToWake,
        IsPaused = IsPaused,
    };
}
