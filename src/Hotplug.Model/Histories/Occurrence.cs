using Hotplug.Contract;
using Hotplug.Contract.Observations;

namespace Hotplug.Model.Histories;

/// <summary>What can happen in an operation, as one event.</summary>
internal enum Happens : byte
{
    /// <summary>All of it happens at once.</summary>
    All,
    /// <summary>It begins, and holds what it locks.</summary>
    Begin,
    /// <summary>It answers, and lets go what it holds.</summary>
    End,
    /// <summary>It takes free pages.</summary>
    Take,
    /// <summary>It drops the last reference of pages that it does not free yet.</summary>
    Drop,
    /// <summary>It frees pages.</summary>
    Release,
    /// <summary>It migrates pages.</summary>
    Migrate,
    /// <summary>It isolates pageblocks.</summary>
    Isolate,
    /// <summary>It gives up isolating.</summary>
    Unisolate,
    /// <summary>The pages of a block are gone.</summary>
    Offline,
    /// <summary>The pages of a block are there.</summary>
    Online,
    /// <summary>CMM loans no more pages.</summary>
    Halt,
    /// <summary>CMM may loan pages again.</summary>
    Resume,
    /// <summary>CMM loans pages.</summary>
    Loan,
    /// <summary>CMM gives loaned pages back.</summary>
    Activate,
    /// <summary>CMM takes a page to hold addresses.</summary>
    AddList,
    /// <summary>CMM gives such a page back.</summary>
    FreeList,
    /// <summary>A memory block comes into being.</summary>
    Create,
    /// <summary>A memory block ceases to be.</summary>
    Destroy,
    /// <summary>Sub-blocks of device memory are plugged.</summary>
    Plug,
    /// <summary>Sub-blocks of device memory are unplugged.</summary>
    Unplug,
}

/// <summary>An event of an operation.</summary>
/// <param name="What">What happens.</param>
/// <param name="Pages">To which pages.</param>
/// <param name="From">Where the first page was before it was migrated.</param>
/// <param name="Zone">The zone that a block comes into.</param>
internal sealed record Occurrence(
    Happens What, PageRange Pages = default, long From = -1, ZoneKind Zone = ZoneKind.None)
{
    public override string ToString() => What switch
    {
        Happens.All => "happens",
        Happens.Begin => "begins",
        Happens.End => "answers",
        Happens.Take => $"takes {Pages}",
        Happens.Drop => $"drops the last reference of {Pages}",
        Happens.Release => $"frees {Pages}",
        Happens.Migrate => $"migrates {new PageRange(From, Pages.Count)} to {Pages}",
        Happens.Isolate => $"isolates {Pages}",
        Happens.Unisolate => $"ends the isolation of {Pages}",
        Happens.Offline => $"takes {Pages} offline",
        Happens.Online => $"brings {Pages} online in zone {Zone}",
        Happens.Halt => "halts loaning",
        Happens.Resume => "lets loaning go on",
        Happens.Loan => $"loans {Pages}",
        Happens.Activate => $"makes loaned {Pages} active again",
        Happens.AddList => $"takes {Pages} to hold addresses",
        Happens.FreeList => $"frees {Pages} that held addresses",
        Happens.Create => $"creates the block of {Pages}",
        Happens.Destroy => $"destroys the block of {Pages}",
        Happens.Plug => $"plugs {Pages}",
        _ => $"unplugs {Pages}",
    };
}
