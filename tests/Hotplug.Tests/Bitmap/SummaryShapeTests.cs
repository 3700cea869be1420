using Hotplug.Bitmap;
using Hotplug.Contract;
using Xunit;

namespace Hotplug.Tests.Bitmap;

public sealed class SummaryShapeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(5_000)]
    [InlineData(300_000)]
    public void Finds_what_a_sorted_set_finds(int bits)
    {
        var shape = new SummaryShape(bits);
        var words = new ulong[shape.Words];
        var twin = new SortedSet<int>();
        var random = new SplitMix((ulong)bits);
        for (var i = 0; i < 4_000; i++)
        {
            var bit = random.Below(bits);
            if (random.Chance(twin.Count < 20 ? 60 : 40))
            {
                shape.Set(words, bit);
                twin.Add(bit);
            }
            else
            {
                shape.Clear(words, bit);
                twin.Remove(bit);
            }

            Assert.Equal(twin.Contains(bit), SummaryShape.Get(words, bit));
            Assert.Equal(twin.Count == 0, shape.IsEmpty(words));
            if (twin.Count == 0)
                continue;
            Assert.Equal(twin.Min, shape.First(words));
            Assert.Equal(twin.Max, shape.Last(words));
            var from = random.Below(bits);
            var next = twin.GetViewBetween(from, bits);
            Assert.Equal(next.Count == 0 ? -1 : next.Min, shape.Next(words, from));
        }
    }

    [Fact]
    public void Summaries_cost_less_than_two_percent() =>
        Assert.InRange(new SummaryShape(1 << 20).Words, (1 << 20) / 64, (1 << 20) / 64 * 102 / 100);
}
