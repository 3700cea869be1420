using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Engine.Gates;

/// <summary>
/// In how many sequences each behaviour was met – an operation and how it answered – and what that tells of those that
/// were not met. Sequences are drawn independently of each other, so they are the sample.
/// </summary>
/// <remarks>
/// Testing is the discovery of species: I. J. Good, The population frequencies of species and the estimation of
/// population parameters, Biometrika 40 (1953); A. Chao, Estimating the population size for capture-recapture data with
/// unequal catchability, Biometrics 43 (1987); M. Böhme, STADS: software testing as species discovery, TOSEM 27 (2018).
/// </remarks>
public sealed class Incidence
{
    private const double Doubt = 0.05;

    private readonly SortedDictionary<(OperationKind Kind, Completion Completion, int Errno), long> _met = [];
    private readonly HashSet<(OperationKind, Completion, int)> _ofSequence = [];

    /// <summary>Sequences.</summary>
    public long Sequences { get; private set; }

    /// <summary>Behaviours that were met.</summary>
    public int Met => _met.Count;

    /// <summary>Behaviours that were met in exactly one sequence.</summary>
    public int Once => _met.Values.Count(static n => n == 1);

    /// <summary>Behaviours that were met in exactly two.</summary>
    public int Twice => _met.Values.Count(static n => n == 2);

    /// <summary>
    /// Behaviours never met before that the next sequence is expected to show, at most, with 95 % confidence: the
    /// expectation is <see cref="Once"/> per <see cref="Sequences"/> (Good–Turing), the bound that of a Poisson count.
    /// Of no sequence nothing is known: without bound.
    /// </summary>
    public double MostNewPerSequence => PoissonUpper(Once) / Sequences;

    /// <summary>Behaviours that there are at least, met or not (Chao's lower bound, in its form for few
    /// doubles).</summary>
    public double AtLeast => Met + (Once * (Once - 1.0) / (2.0 * (Twice + 1)));

    /// <summary>Takes a sequence.</summary>
    public void Add(ReadOnlySpan<Operation> operations, ReadOnlySpan<Answer> answers)
    {
        Sequences++;
        _ofSequence.Clear();
        for (var i = 0; i < answers.Length; i++)
        {
            var behaviour = (operations[i].Kind, answers[i].Completion, (int)answers[i].Errno);
            if (_ofSequence.Add(behaviour))
                _met[behaviour] = _met.GetValueOrDefault(behaviour) + 1;
        }
    }

    /// <summary>Takes the sequences of another.</summary>
    public void Merge(Incidence other)
    {
        Sequences += other.Sequences;
        foreach (var (behaviour, count) in other._met)
            _met[behaviour] = _met.GetValueOrDefault(behaviour) + count;
    }

    // The mean for which so few are met in one case of twenty only (Garwood 1936), by halving.
    private static double PoissonUpper(int count)
    {
        double low = count, high = (2 * count) + 12;
        while (high - low > 1e-9)
        {
            var middle = (low + high) / 2;
            if (AtMost(count, middle) > Doubt)
                low = middle;
            else
                high = middle;
        }

        return high;
    }

    private static double AtMost(int count, double mean)
    {
        double term = Math.Exp(-mean), sum = term;
        for (var i = 1; i <= count; i++)
            sum += term *= mean / i;
        return sum;
    }
}
