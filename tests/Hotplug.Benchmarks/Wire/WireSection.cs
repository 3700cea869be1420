using Hotplug.Adapters.Stdio;
using Hotplug.Benchmarks.Whole;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Generators.Specs;
using Hotplug.Model;

namespace Hotplug.Benchmarks.Wire;

/// <summary>
/// What the protocol costs: the same operations in process and in other processes, carried out and observed.
/// </summary>
internal sealed class WireSection : ISection
{
    /// <summary>The word that makes this program a peer itself.</summary>
    internal const string ServeWord = "serve";

    private const int Sequences = 100;
    private const int Operations = 100;
    private const int Rounds = 7;
    private const string CMachine = "example-machine-c";

    public string Word => "wire";

    public string About => "operations of level core, each executed and observed, nothing judged; wall time, medians";

    /// <summary>Answers requests until the input ends.</summary>
    internal static void Serve()
    {
        using var machine = BitmapMachine.Create();
        new MachineServer(machine).Serve(Console.OpenStandardInput(), Console.OpenStandardOutput());
    }

    public void Run(TextWriter output)
    {
        var claims = new Claims(output);
        var recorded = Record();
        using var near = BitmapMachine.Create();
        var nearRate = Measure(claims, "our machine in process", near, recorded);
        using var far = Open(Ourselves());
        var farRate = Measure(claims, "our machine behind the protocol", far, recorded);
        claims.Figure("an operation behind the protocol costs more by",
            $"{(1e6 / farRate) - (1e6 / nearRate):0.0} microseconds");
        if (FindExamples() is not { } examples)
            return;
        if (Executable.Find("gcc", null) is { } compiler && Compile(compiler, examples) is { } program)
            using (var machine = Open(program))
                Measure(claims, "the C example, a process for every sequence", machine, recorded);
        if (Executable.Find("python3", null) is { } python)
            using (var machine = Open(python, Path.Combine(examples, "python/machine.py")))
                Measure(claims, "the Python example", machine, recorded);
    }

    private static double Measure(Claims claims, string what, IMachine machine,
        List<(MachineSpec Spec, TraceSource Source)> recorded)
    {
        var runner = new Runner(machine, new Suite(new Anything(), []));
        var rates = new List<double>();
        for (var round = 0; round <= Rounds; round++)
        {
            long operations = 0;
            var milliseconds = CpuTime.Milliseconds(() =>
            {
                foreach (var (spec, source) in recorded)
                {
                    if (runner.Walk(spec, source, Operations) != Verdict.Conforms)
                        throw new InvalidOperationException($"{what}: {runner.Violation}");
                    operations += runner.Executed.Length;
                }
            });
            if (round > 0)
                rates.Add(operations / milliseconds * 1e3);
        }

        var rate = CpuTime.Median(rates);
        claims.Figure(what, $"{rate:0} operations a second");
        return rate;
    }

    private static List<(MachineSpec Spec, TraceSource Source)> Record()
    {
        using var machine = new CoreMachine(BitmapMachine.Create());
        var runner = new Runner(machine, new Suite(new ReferenceModel(), []));
        var recorded = new List<(MachineSpec, TraceSource)>();
        for (ulong i = 0; i < Sequences; i++)
        {
            var random = new SplitMix(SplitMix.Derive(1, i));
            var spec = SpecDraw.Toy(ref random, Levels.Core);
            var result = runner.Run(spec, new Sequences().DrawSource(ref random, spec, Levels.Core), Operations);
            recorded.Add((spec, new TraceSource(result.Executed)));
        }

        return recorded;
    }

    // Started as 'dotnet program.dll' or by the program's own launcher.
    private static string[] Ourselves() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, typeof(WireSection).Assembly.Location, ServeWord]
        : [Environment.ProcessPath!, ServeWord];

    private static StdioMachine Open(params string[] words) =>
        StdioMachine.Open(new PeerCommand([.. words]), new StdioOptions { Limit = TimeSpan.FromMinutes(1) });

    private static string? FindExamples()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "ConformanceSuite.sln")))
                return Path.Combine(at.FullName, "examples");
        return null;
    }

    private static string? Compile(string compiler, string examples)
    {
        var program = Path.Combine(AppContext.BaseDirectory, CMachine);
        string[] arguments = ["-std=c11", "-O2", "-o", program, Path.Combine(examples, "c/machine.c")];
        using var process = System.Diagnostics.Process.Start(compiler, arguments);
        process.WaitForExit();
        return process.ExitCode == 0 ? program : null;
    }

    /// <summary>A machine of which only level core is used.</summary>
    private sealed class CoreMachine(IMachine machine) : IMachine
    {
        public MachineIdentity Identity { get; } = machine.Identity with { Levels = Levels.Core };

        public void Reset(MachineSpec spec) => machine.Reset(spec);

        public void Execute(in Operation operation, in Target target, Outcome outcome) =>
            machine.Execute(operation, target, outcome);

        public void Observe(Observation observation) => machine.Observe(observation);

        public void Dispose() => machine.Dispose();
    }
}
