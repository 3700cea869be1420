using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>Symbolic names and their text form.</summary>
public sealed class NameTests
{
    public static TheoryData<string, Name> Forms() => new()
    {
        { "d0", Name.Boot },
        { "d1", Name.Device(1) },
        { "d1.b2", Name.Device(1).WithBlock(2) },
        { "d1.b2+513", Name.Device(1).WithBlock(2).WithPage(513) },
        { "m1", Name.DeviceMemory(1) },
        { "m1.b0", Name.DeviceMemory(1).WithBlock(0) },
        { "m1.b0+0", Name.DeviceMemory(1).WithBlock(0).WithPage(0) },
        { "a3", Name.Allocation(3) },
        { "a3[17]", Name.Allocation(3).WithPage(17) },
        { "#40", Name.RawBlock(40) },
        { "@1310720", Name.RawPage(1310720) },
        { "@9223372036854775807", Name.RawPage(long.MaxValue) },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Prints_its_form(string text, Name name) => Assert.Equal(text, name.ToString());

    [Theory]
    [MemberData(nameof(Forms))]
    public void Reads_its_form(string text, Name name)
    {
        Assert.True(Name.TryParse(text, out var read));
        Assert.Equal(name, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("D1")]
    [InlineData("x1")]
    [InlineData("d1.")]
    [InlineData("d1.b")]
    [InlineData("d1.2")]
    [InlineData("d1.b2+")]
    [InlineData("d1+5")]
    [InlineData("d-1")]
    [InlineData("d1.b-2")]
    [InlineData("d1 ")]
    [InlineData("m0")]
    [InlineData("a3[")]
    [InlineData("a3[]")]
    [InlineData("a3[1")]
    [InlineData("a3[1]2")]
    [InlineData("a3.b1")]
    [InlineData("#")]
    [InlineData("#4.b1")]
    [InlineData("@-1")]
    [InlineData("d2147483648")]
    [InlineData("@9223372036854775808")]
    [InlineData("d99999999999999999999")]
    public void Anything_else_is_refused(string text) => Assert.False(Name.TryParse(text, out _));

    [Theory]
    [InlineData("d1", false, false, false)]
    [InlineData("d1.b2", true, false, false)]
    [InlineData("d1.b2+5", false, true, false)]
    [InlineData("a1", false, false, false)]
    [InlineData("a1[0]", false, true, false)]
    [InlineData("#40", true, false, true)]
    [InlineData("@40", false, true, true)]
    public void Knows_whether_it_means_a_block_a_page_or_an_address(string text, bool block, bool page, bool raw)
    {
        Assert.True(Name.TryParse(text, out var name));
        Assert.Equal((block, page, raw), (name.IsBlock, name.IsPage, name.IsRaw));
    }

    [Fact]
    public void No_name_prints_as_nothing() => Assert.Equal("", default(Name).ToString());
}
