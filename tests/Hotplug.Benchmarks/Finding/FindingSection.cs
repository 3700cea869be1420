using Hotplug.Bitmap;
using Hotplug.Generators;

namespace Hotplug.Benchmarks.Finding;

/// <summary>How soon every seeded fault is found, and what each part of the generator is worth.</summary>
internal sealed class FindingSection : ISection
{
    private const int Seeds = 3;
    private const long Limit = 20_000;
    private const string Ours = "as a gate runs";
    private const string Uniform = "uniform operations, sequences as long";
    private const string FsCheck = "FsCheck plain: uniform operations, sized arrays";

    public string Word => "finding";

    public string About => $"operations until a seeded fault breaks a rule: geometric mean over the faults of the median of {Seeds} seeds, at most {Limit}";

    public void Run(TextWriter output)
    {
        var claims = new Claims(output);
        var ways = Ways();
        var logarithms = ways.ToDictionary(static way => way.What, static _ => 0.0);
        var missed = ways.ToDictionary(static way => way.What, static _ => 0);
        foreach (var form in FaultTable.Forms)
        {
            using var finder = new Finder(form.Fault);
            foreach (var (what, count) in ways)
            {
                var median = Median(seed => count(finder, form, seed));
                logarithms[what] += Math.Log(median);
                missed[what] += median >= Limit ? 1 : 0;
            }
        }

        var means = ways.ToDictionary(static way => way.What, way => Math.Exp(logarithms[way.What] / FaultTable.Forms.Length));
        foreach (var (what, _) in ways)
            claims.Figure(what, $"{means[what]:0} operations, {means[what] / means[Ours]:0.00} x ours, {missed[what]} of {FaultTable.Forms.Length} not found");
        claims.AtLeast("uniform / ours", means[Uniform] / means[Ours], 10, "x");
        claims.AtLeast("FsCheck plain / ours", means[FsCheck] / means[Ours], 10, "x");
    }

    private static (string What, Func<Finder, FaultForm, ulong, long> Count)[] Ways() =>
    [
        (Ours, static (finder, _, seed) => finder.Operations(new Sequences(), seed, Limit)),
        ("steered to the family of the rule", static (finder, form, seed) =>
            finder.Operations(new Sequences(form.Family), seed, Limit)),
        ("without steering", (finder, _, seed) => Without(finder, Guidance.Steering, seed)),
        ("without swarm", (finder, _, seed) => Without(finder, Guidance.Swarm, seed)),
        ("without sequences", (finder, _, seed) => Without(finder, Guidance.Sequences, seed)),
        ("looking at the state, nothing else", (finder, _, seed) => Without(finder, Guidance.Full, seed)),
        (Uniform, static (finder, _, seed) => finder.UniformOperations(seed, Limit)),
        (FsCheck, static (finder, _, seed) => finder.FsCheckOperations(seed, Limit)),
    ];

    private static long Without(Finder finder, Guidance part, ulong seed) =>
        finder.Operations(new Sequences(null, Guidance.Full & ~part), seed, Limit);

    private static long Median(Func<ulong, long> count)
    {
        var counts = new long[Seeds];
        for (var seed = 0; seed < Seeds; seed++)
            counts[seed] = count((ulong)seed);
        Array.Sort(counts);
        return counts[Seeds / 2];
    }
}
