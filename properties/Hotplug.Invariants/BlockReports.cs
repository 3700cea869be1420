using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>What is reported of memory blocks while an operation goes on.</summary>
public static class BlockReports
{
    /// <summary>Catches a state that is reported and not taken.</summary>
    public static readonly Invariant StateAsReported = new(
        "block.state-as-reported", Family.Blocks,
        "The state that a memory block was last reported to take is the one that it has.",
        "User space is told of a state that the block does not have, or is told too early.",
        new Citation("v6.12", "drivers/base/memory.c", "memory_block_change_state"),
        Levels.Effects, Visibility.Blocks, CheckReported)
    {
        When = Occasion.Of(EffectKind.BlockStateChanged),
        Steps = EffectKinds.Of(EffectKind.BlockStateChanged),
    };

    private static Violation? CheckReported(Transition seen)
    {
        var effects = seen.Outcome.Effects;
        for (var i = effects.Length - 1; i >= 0; i--)
        {
            if (effects[i].Kind != EffectKind.BlockStateChanged)
                continue;
            var number = seen.Spec.BlockOf(effects[i].Range.Start);
            if (seen.After.Find(number) is { } block && (long)block.State != effects[i].Value
                && !effects[(i + 1)..].Include(EffectKind.BlockStateChanged, effects[i].Range))
                return Evidence.AgainstBlock(StateAsReported, seen, number,
                    $"{Words.Of((BlockState)effects[i].Value)}, as reported", Evidence.Print(block));
        }

        return null;
    }
}
