using System.Text;
using Hotplug.Adapters.Kernel;
using Xunit;

namespace Hotplug.Tests.Kernel;

public sealed class ExpectedDefectsTests
{
    private const string Entry = """
        { "precondition": "add-warns", "rule": "machine.no-warning", "from": "6.1", "until": "6.5",
          "reason": "it warns", "trace": ["add d1 pages=32768"] }
        """;

    [Fact]
    public void Every_known_defect_is_declared_for_some_kernel()
    {
        var declared = ExpectedDefects.Bundled.Defects.Select(static d => d.Precondition).Order(StringComparer.Ordinal);
        Assert.Equal(KnownDefects.All.Keys, declared);
    }

    [Theory]
    [InlineData("6.0.12", 0)]
    [InlineData("6.1.0-50-amd64", 1)]
    [InlineData("6.4.16", 1)]
    [InlineData("6.5", 0)]
    [InlineData("6.12.117+deb12-amd64", 0)]
    [InlineData("garbage", 0)]
    public void A_defect_counts_for_the_kernels_that_have_it(string release, int expected)
    {
        Assert.Equal(expected, Read($"{{ /* why */ \"defects\": [{Entry}] }}").For(release).Length);
    }

    [Theory]
    [InlineData("add-warns", "add-sings", "precondition 'add-sings' is not known; known: add-warns, ")]
    [InlineData("\"rule\"", "\"rul\"", "defect 1: \"rule\" is missing")]
    [InlineData("\"6.1\"", "\"six\"", "expected a kernel version such as 6.12")]
    [InlineData("pages=32768", "pages=", "its trace is not one")]
    public void A_wrong_entry_is_named_with_what_was_expected(string what, string by, string problem)
    {
        var text = $"{{ \"defects\": [{Entry.Replace(what, by, StringComparison.Ordinal)}] }}";
        var thrown = Assert.Throws<ExpectedDefectsException>(() => Read(text));
        Assert.Contains(problem, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"defects\": [ }")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void What_is_no_list_is_refused(string text)
    {
        Assert.Throws<ExpectedDefectsException>(() => Read(text));
    }

    private static ExpectedDefects Read(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return ExpectedDefects.Read("list.json", stream);
    }
}
