using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>Writes what an operation does and chooses into its outcome, in the order it happens.</summary>
internal readonly struct EffectLog(Outcome outcome)
{
    public void Add(EffectKind kind, PageRange range = default, ZoneId zone = default, long value = 0) =>
        outcome.Add(new Effect(kind, range, zone, value));

    public void Notified(MemoryNotification notification, PageRange range, int callback, Errno errno) =>
        outcome.Add(new Effect(EffectKind.Notified, range, default, callback, notification, errno));

    public void Injected(VetoPoint point, Errno errno) =>
        outcome.Add(new Effect(EffectKind.FaultInjected, default, default, (long)point, default, errno));

    public void Witness(WitnessRole role, PageRange range, long from = -1) =>
        outcome.Add(new Witness(role, range, from));

    public void Migrated(PageRange to, long from, ZoneId zone)
    {
        outcome.Add(new Effect(EffectKind.Migrated, to, zone, from));
        outcome.Add(new Witness(WitnessRole.Migrated, to, from));
    }

    public void Managed(Zone zone, long change)
    {
        zone.Managed += change;
        outcome.Add(new Effect(EffectKind.ManagedChanged, default, zone.Id, change));
    }
}
