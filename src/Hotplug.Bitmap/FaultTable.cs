using System.Collections.Immutable;
using Hotplug.Bitmap.Faults;
using Hotplug.Contract;
using Hotplug.Contract.Rules;

namespace Hotplug.Bitmap;

/// <summary>A seeded fault as data.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Id">Its word.</param>
/// <param name="Family">The family of rules that it is about.</param>
/// <param name="Catalogue">The entry of the catalogue of bugs (B-) or invariants (I-) that it is modelled on.</param>
/// <param name="Statement">What goes wrong, in one sentence.</param>
/// <param name="Source">Where the rule that it breaks comes from.</param>
/// <param name="KilledBy">Id of the rule that finds it.</param>
/// <param name="Shortest">
/// Operations of the shortest trace that breaks that rule, in any of the small scopes: proved by exploring them.
/// </param>
public sealed record FaultForm(Fault Fault, string Id, Family Family, string Catalogue, string Statement,
    Citation Source, string KilledBy, int Shortest);

/// <summary>Every seeded fault.</summary>
public static class FaultTable
{
    /// <summary>By ascending <see cref="Fault"/>.</summary>
    public static ImmutableArray<FaultForm> Forms { get; } =
    [
        .. PageOfflineFaults.Rows,
        .. ReferencesFaults.Rows,
        .. VmemmapFaults.Rows,
        .. ZonesFaults.Rows,
        .. AccountingFaults.Rows,
        .. NotifiersFaults.Rows,
        .. RollbackFaults.Rows,
        .. BlocksFaults.Rows,
        .. ConservationFaults.Rows,
        .. PoisonFaults.Rows,
        .. DeviceMemoryFaults.Rows,
        .. BalloonFaults.Rows,
        .. CmmFaults.Rows,
        .. CallbackFaults.Rows,
        .. PcplistsFaults.Rows,
    ];

    /// <summary>The form of a fault.</summary>
    public static FaultForm Of(Fault fault) => Forms[(int)fault];

    /// <summary>The fault with this word, or null.</summary>
    public static FaultForm? Find(string id) => Forms.FirstOrDefault(f => f.Id == id);

    internal static FaultForm Row(Fault fault, Family family, string catalogue, string statement, Citation source,
        string killedBy, int shortest) =>
        new(fault, Words.Of(fault), family, catalogue, statement, source, killedBy, shortest);
}
