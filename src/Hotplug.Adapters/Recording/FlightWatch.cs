using Hotplug.Contract;
using Hotplug.Contract.Observations;

namespace Hotplug.Adapters.Recording;

/// <summary>
/// What the kernel may still have been working on when an observation was taken: a request of the device memory or the
/// balloon until an observation shows it done, and an ejection that timed out until its device is gone or at rest.
/// </summary>
internal sealed class FlightWatch
{
    private readonly Dictionary<int, bool> _ejecting = [];
    private long _requestedPages;
    private bool _resizing;
    private long _balloonPages;
    private bool _ballooning;
    private bool _resizedLate;
    private bool _balloonedLate;

    /// <summary>
    /// Device memory was asked for a size, and the request was taken. If the recorder did not see it reached before it
    /// took the observation, the first observation that shows it done is still in flight: its parts were taken one
    /// after the other, the size last.
    /// </summary>
    public void Resize(long pages, bool reached) =>
        (_requestedPages, _resizing, _resizedLate) = (pages, true, !reached);

    /// <summary>
    /// The balloon was asked to hold this many pages, and the request was taken; as <see cref="Resize"/>.
    /// </summary>
    public void Balloon(long pages, bool reached) =>
        (_balloonPages, _ballooning, _balloonedLate) = (pages, true, !reached);

    /// <summary>An ejection did not end in time.</summary>
    public void EjectTimedOut(int device) => _ejecting[device] = false;

    /// <summary>The guest said that it refused the ejection.</summary>
    public void EjectRefused(int device) => _ejecting.Remove(device);

    /// <summary>True while device memory may lag.</summary>
    public bool Resizing => _resizing;

    /// <summary>True while the balloon may lag.</summary>
    public bool Ballooning => _ballooning;

    /// <summary>Pages that the balloon was last asked to hold.</summary>
    public long BalloonTarget => _balloonPages;

    /// <summary>True while an ejection of the device may go on.</summary>
    public bool Ejecting(int device) => _ejecting.ContainsKey(device);

    /// <summary>Looks at the size of device memory and at its blocks: is the request done?</summary>
    public void SeeDeviceMemory(long pluggedPages, IReadOnlyList<RecordedBlock> itsBlocks)
    {
        if (pluggedPages == _requestedPages && Agrees(pluggedPages, itsBlocks))
            (_resizing, _resizedLate) = (_resizedLate, false);
    }

    /// <summary>Looks at the size of the balloon: is the request done?</summary>
    public void SeeBalloon(long pages)
    {
        if (pages == _balloonPages)
            (_ballooning, _balloonedLate) = (_balloonedLate, false);
    }

    /// <summary>
    /// Looks at the blocks of a device whose ejection timed out. It is over when none of them is going offline any
    /// more; one that never was seen going offline still waits for the kernel's worker, and may begin at any time.
    /// </summary>
    public void SeeDevice(int device, IEnumerable<RecordedBlock> itsBlocks)
    {
        if (!_ejecting.TryGetValue(device, out var began))
            return;
        if (itsBlocks.Any(static b => b.State == BlockState.GoingOffline))
            _ejecting[device] = true;
        else if (began)
            _ejecting.Remove(device);
    }

    // The size changes before the block list does: a block is added after its sub-blocks were plugged, and removed
    // after its last one was unplugged. The list agrees when the plugged pages fit into exactly these blocks, at least
    // a sub-block each.
    private static bool Agrees(long pluggedPages, IReadOnlyList<RecordedBlock> blocks) =>
        pluggedPages <= (long)blocks.Count * RecordingTable.BlockPages
        && pluggedPages >= (long)blocks.Count * RecordingTable.SubBlockPages
        && !blocks.Any(static b => b.State == BlockState.GoingOffline);
}
