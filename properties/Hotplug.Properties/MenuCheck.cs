using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Xunit;

namespace Hotplug.Properties;

/// <summary>
/// Judges as another specification does, and compares the menu that it writes with what was seen last: generators would
/// draw less, and nobody would notice, if it told of less than there is.
/// </summary>
public sealed class MenuCheck(ISpecification inner) : ISpecification
{
    private Observation _seen = new();

    public Judgement Begin(Transition start)
    {
        _seen = start.After;
        return inner.Begin(start);
    }

    public Judgement Judge(object state, Transition seen)
    {
        _seen = seen.After;
        return inner.Judge(state, seen);
    }

    public object Retain(object state) => inner.Retain(state);

    public void Describe(object state, Menu menu)
    {
        inner.Describe(state, menu);
        Assert.Equal(_seen.Blocks.ToArray().Where(static b => b.IsRegistered).Select(static b => b.State),
            menu.Blocks.Select(static b => b.State));
        Assert.Equal(_seen.Devices.ToArray().Count(static d => d.Name.Kind == NameKind.Device), menu.Devices.Count);
        Assert.Equal(_seen.Zones.ToArray().Sum(static z => z.Free), menu.FreePages);
        Assert.Equal(_seen.Loans?.Pages ?? -1, menu.Loaned);
        Assert.Equal(_seen.Loans?.TargetPages ?? 0, menu.LoanTarget);
        Assert.Equal(_seen.Callbacks, menu.Callbacks);
        foreach (ref readonly var balloon in _seen.Balloons)
            Assert.Equal(balloon.Pages, balloon.Driver == BalloonDriver.Cmm ? menu.Loaned
                : menu.Ballooned[(int)balloon.Driver]);
    }
}
