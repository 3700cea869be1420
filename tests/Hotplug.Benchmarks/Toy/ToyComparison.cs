using System.Numerics;

namespace Hotplug.Benchmarks.Toy;

/// <summary>
/// Compares all pages of all blocks that exist, without an engine: what the bare loop and the peers do after every
/// step.
/// </summary>
public static class ToyComparison
{
    /// <summary>True if the memory shows what the flat model says, a block at a time.</summary>
    public static bool Same(ToyMemory memory, FlatModel model)
    {
        if (memory.Present != model.Present || memory.Online != model.Online)
            return false;
        for (var left = memory.Present; left != 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            if (model.Mask(block, FlatModel.AllocatedPage) != memory.Allocated(block)
                || model.Mask(block, FlatModel.InflatedPage) != memory.Inflated(block))
                return false;
        }

        return true;
    }

    /// <summary>True if the memory shows what the dictionary says, page by page.</summary>
    public static bool Same(ToyMemory memory, DictionaryModel model)
    {
        if (model.Pages.Count != BitOperations.PopCount((uint)memory.Present) * ToyMemory.PagesPerBlock)
            return false;
        for (var left = memory.Present; left != 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            for (var offset = 0; offset < ToyMemory.PagesPerBlock; offset++)
                if (!model.Pages.TryGetValue((block * ToyMemory.PagesPerBlock) + offset, out var code)
                    || code != CodeOf(memory, block, offset))
                    return false;
        }

        return true;
    }

    private static byte CodeOf(ToyMemory memory, int block, int offset) =>
        (memory.Allocated(block) >> offset & 1) != 0 ? FlatModel.AllocatedPage
        : (memory.Inflated(block) >> offset & 1) != 0 ? FlatModel.InflatedPage
        : FlatModel.FreePage;
}
