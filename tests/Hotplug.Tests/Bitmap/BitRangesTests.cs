using Hotplug.Bitmap;
using Hotplug.Contract;
using Xunit;

namespace Hotplug.Tests.Bitmap;

public sealed class BitRangesTests
{
    private const int Bits = 320;

    [Fact]
    public void Ranges_are_what_bit_by_bit_makes_them()
    {
        var words = new ulong[Bits / 64];
        var twin = new bool[Bits];
        var random = new SplitMix(1);
        for (var i = 0; i < 20_000; i++)
        {
            var start = random.Below(Bits);
            var count = random.Between(1, Bits - start);
            var value = random.Chance(50);
            if (value)
                BitRanges.Set(words, start, count);
            else
                BitRanges.Clear(words, start, count);
            Array.Fill(twin, value, start, count);
            var from = random.Below(Bits);
            var length = random.Below(Bits - from + 1);
            Assert.Equal(twin.AsSpan(from, length).Count(true), BitRanges.Count(words, from, length));
            Assert.Equal(twin[from], BitRanges.Get(words, from));
        }
    }
}
