using Hotplug.Bitmap;
using Hotplug.Contract;
using Xunit;

namespace Hotplug.Tests.Bitmap;

public sealed class BlockPlanesTests
{
    private const int Pages = 256;
    private const int PlaneWords = Pages / 64;

    [Fact]
    public void Planes_read_as_an_array_of_uses_does()
    {
        var words = new ulong[BlockLayout.Planes * PlaneWords];
        var twin = new PageUse[Pages];
        var random = new SplitMix(7);
        for (var i = 0; i < 10_000; i++)
        {
            var start = random.Below(Pages);
            var count = random.Between(1, Math.Min(40, Pages - start));
            var use = (PageUse)random.Below(8);
            BlockPlanes.Fill(words, PlaneWords, start, count, use);
            Array.Fill(twin, use, start, count);

            var at = random.Below(Pages);
            var limit = random.Between(at + 1, Pages);
            Assert.Equal(twin[at], BlockPlanes.At(words, PlaneWords, at));
            var end = at;
            while (end < limit && twin[end] == twin[at])
                end++;
            Assert.Equal(end, BlockPlanes.RunEnd(words, PlaneWords, at, limit));
            var wanted = (PageUse)random.Below(8);
            var first = Array.IndexOf(twin, wanted, at, limit - at);
            Assert.Equal(first, BlockPlanes.FirstOf(words, PlaneWords, wanted, at, limit));
        }
    }
}
