using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>
/// Failures that were asked for: one in the next operation, and sticky answers of the notifier chain.
/// </summary>
internal sealed class Injection
{
    private VetoPoint _point;
    private long _k;
    private Errno _errno;
    private bool _isLive;
    private long _count;
    private bool _hasStruck;

    /// <summary>What the chain's injector answers to MEM_GOING_ONLINE.</summary>
    public Errno OnlineError { get; set; }

    /// <summary>What the chain's injector answers to MEM_GOING_OFFLINE.</summary>
    public Errno OfflineError { get; set; }

    /// <summary>Something may fail in the operation at hand.</summary>
    public bool IsArmed => _isLive;

    /// <summary>The <paramref name="k"/>-th step of this kind fails in the next operation.</summary>
    public void Arm(VetoPoint point, long k, Errno errno) => (_point, _k, _errno) = (point, k, errno);

    /// <summary>An operation begins: what is armed is for it.</summary>
    public void Begin()
    {
        _isLive = _k > 0;
        _count = 0;
        _hasStruck = false;
    }

    /// <summary>Time passes: what is armed for CMM is for it.</summary>
    public void BeginTick()
    {
        if (_point is VetoPoint.Loan or VetoPoint.LoanList)
            Begin();
    }

    /// <summary>The operation ends: what was armed is gone, hit or not.</summary>
    public void End(EffectLog log)
    {
        if (_hasStruck)
            log.Injected(_point, _errno);
        if (_isLive)
            _k = 0;
        _isLive = _hasStruck = false;
    }

    /// <summary>Counts <paramref name="steps"/> steps of this kind; the error if the armed one is among them.</summary>
    public Errno Strike(VetoPoint point, long steps = 1)
    {
        if (!_isLive || point != _point)
            return Errno.None;
        var before = _count;
        _count += steps;
        if (before >= _k || _count < _k)
            return Errno.None;
        _hasStruck = true;
        return _errno;
    }

    public Injection Clone() => (Injection)MemberwiseClone();
}
