using System.Text;
using Hotplug.Contract.Wire;
using Xunit;

namespace Hotplug.Tests.Wire;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4096)]
    public void Lines_are_read_however_they_arrive(int atOnce)
    {
        var reader = new LineReader(new Portions("one\ntwo\r\n\nthree", atOnce), 10);
        Assert.Equal((LineEnd.Whole, "one"), Next(reader));
        Assert.Equal((LineEnd.Whole, "two"), Next(reader));
        Assert.Equal((LineEnd.Whole, ""), Next(reader));
        Assert.Equal((LineEnd.Truncated, "three"), Next(reader));
        Assert.Equal((LineEnd.EndOfStream, ""), Next(reader));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1 << 16)]
    public void The_rest_of_a_line_that_is_too_long_is_skipped(int atOnce)
    {
        var text = new string('a', 20_000) + "\nnext\n" + new string('b', 11) + "\nlast\n";
        var reader = new LineReader(new Portions(text, atOnce), 10);
        Assert.Equal(LineEnd.TooLong, Next(reader).End);
        Assert.Equal((LineEnd.Whole, "next"), Next(reader));
        Assert.Equal(LineEnd.TooLong, Next(reader).End);
        Assert.Equal((LineEnd.Whole, "last"), Next(reader));
        Assert.Equal((LineEnd.EndOfStream, ""), Next(reader));
    }

    [Fact]
    public void A_line_of_the_limit_is_not_too_long() =>
        Assert.Equal((LineEnd.Whole, "0123456789"), Next(new LineReader(new Portions("0123456789\n", 3), 10)));

    private static (LineEnd End, string Line) Next(LineReader reader) =>
        (reader.Read(out var line), Encoding.UTF8.GetString(line.Span));

    private sealed class Portions(string text, int atOnce) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, Math.Min(count, atOnce));
    }
}
