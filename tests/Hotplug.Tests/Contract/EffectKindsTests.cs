using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Contract;

public sealed class EffectKindsTests
{
    private static readonly EffectKinds s_some = EffectKinds.Of(EffectKind.Isolated, EffectKind.Notified);

    [Fact]
    public void A_set_has_what_was_put_in()
    {
        Assert.True(s_some.Has(EffectKind.Isolated));
        Assert.False(s_some.Has(EffectKind.Unisolated));
        Assert.All(Enum.GetValues<EffectKind>(), static kind => Assert.True(EffectKinds.All.Has(kind)));
    }

    [Fact]
    public void What_is_lacking_is_named() => Assert.Equal("unisolated",
        s_some.Lacks(EffectKinds.Of(EffectKind.Isolated, EffectKind.Unisolated)).ToString());

    [Fact]
    public void Nothing_is_in_every_set() => Assert.True(default(EffectKinds).Contains(default));
}
