using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;

namespace Hotplug.Generators.Steps;

/// <summary>
/// The weights of one run. Every run switches some arms off and boosts others, at random: runs that do few things reach
/// states that an even mix never does (swarm testing). A steered run boosts what exercises its family and keeps it on.
/// </summary>
internal sealed class Swarm
{
    private const int OffPercent = 20;
    private const int BoostPercent = 20;
    private const int Boost = 4;
    private const int SteeredBoost = 6;

    /// <summary>
    /// Shares of adversarial steps that a run may have: 17 on average; what fails by itself comes on top.
    /// </summary>
    private static readonly int[] s_adversarialPercents = [0, 5, 10, 15, 20, 20, 25, 40];

    private readonly int[] _cumulated = new int[OperationWeights.Rows.Length];

    /// <summary>The arm that is left out; null: none is.</summary>
    internal string? Without { get; init; }

    /// <summary>Out of 100 steps, those that should be refused.</summary>
    internal int AdversarialPercent { get; private set; }

    /// <summary>Out of 100 steps, those that begin a sequence.</summary>
    internal int SequencePercent { get; private set; }

    internal void Begin(ref SplitMix random, Levels levels, Family? steering, Guidance guidance)
    {
        AdversarialPercent = s_adversarialPercents[random.Below(s_adversarialPercents.Length)];
        SequencePercent = random.Between(5, 25);
        if (!guidance.HasFlag(Guidance.Sequences))
            SequencePercent = 0;
        var rows = OperationWeights.Rows;
        var sum = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (i == 0 || rows[i].Shape != rows[i - 1].Shape)
                sum = 0;
            var weight = Weigh(ref random, rows[i], levels, steering, guidance.HasFlag(Guidance.Swarm));
            sum += rows[i].Name == Without ? 0 : weight;
            _cumulated[i] = sum;
        }
    }

    /// <summary>The row of an arm of this shape, by weight; -1 if the run has none.</summary>
    internal int Pick(Draw draw, ArmShape shape)
    {
        var (first, end) = Slice(shape);
        var total = _cumulated[end - 1];
        if (total == 0)
            return -1;
        var point = draw.Below(total);
        while (_cumulated[first] <= point)
            first++;
        return first;
    }

    private static int Weigh(ref SplitMix random, Arm arm, Levels levels, Family? steering, bool swarm)
    {
        var lot = random.Below(100);
        if ((levels & arm.Level) != arm.Level)
            return 0;
        if (steering is { } family && arm.Families.Contains(family))
            return arm.Weight * SteeredBoost;
        if (!swarm)
            return arm.Weight;
        return lot < OffPercent ? 0 : lot < OffPercent + BoostPercent ? arm.Weight * Boost : arm.Weight;
    }

    private static (int First, int End) Slice(ArmShape shape) => s_slices[(int)shape];

    private static readonly (int First, int End)[] s_slices =
        [.. Enum.GetValues<ArmShape>().Select(static shape =>
        {
            var rows = OperationWeights.Rows;
            var first = 0;
            while (rows[first].Shape != shape)
                first++;
            return (first, first + rows.Count(r => r.Shape == shape));
        })];
}
