using Hotplug.Engine.Floors;

namespace Hotplug.Engine.Run;

/// <summary>Sequences that tell which of their choices were taken: see <see cref="ISequences"/>.</summary>
public interface ICountsChoices
{
    /// <summary>How often each was taken so far.</summary>
    IEnumerable<Reach> Choices { get; }
}
