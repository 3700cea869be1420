using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>Injected failures where they can hit something.</summary>
internal static class FaultArms
{
    private static readonly Errno[] s_errnos = [Errno.EBUSY, Errno.ENOMEM, Errno.EPERM, Errno.EAGAIN];

    internal static bool Veto(Draw draw, out Operation operation)
    {
        operation = Veto(draw, draw.Below(10) switch
        {
            < 6 => VetoPoint.Notifier,
            < 8 => VetoPoint.Memmap,
            8 => VetoPoint.Migration,
            _ => VetoPoint.BlockDevice,
        });
        return !draw.Menu.VetoArmed;
    }

    internal static bool NotifierError(Draw draw, out Operation operation)
    {
        // An armed error hides everything behind it, so it is taken back more often than set.
        if (draw.Menu.OnlineErrorArmed || draw.Menu.OfflineErrorArmed)
            operation = Operation.NotifierError(draw.Menu.OnlineErrorArmed
                ? MemoryNotification.GoingOnline : MemoryNotification.GoingOffline, Errno.None);
        else
            operation = Operation.NotifierError(
                draw.Chance(50) ? MemoryNotification.GoingOnline : MemoryNotification.GoingOffline, AnyErrno(draw));
        return true;
    }

    /// <summary>A veto of an early step of that kind.</summary>
    internal static Operation Veto(Draw draw, VetoPoint point) =>
        Operation.Veto(point, draw.Chance(60) ? 1 : draw.Between(1, 4), AnyErrno(draw));

    internal static Errno AnyErrno(Draw draw) => draw.Any<Errno>(s_errnos);
}
