using System.CommandLine;
using Hotplug.Adapters.Kernel;
using Hotplug.Cli.Input;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Generators.Topologies;
using Hotplug.Invariants;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug describe</c>: everything about one thing.</summary>
internal sealed class DescribeCommand
{
    private const string TopologyWord = "topology";

    private readonly Surroundings _surroundings;
    private readonly TargetTable _targets;
    private readonly Argument<string[]> _what = new("what")
    {
        Description =
            "An invariant, an operation, a fault or a declared defect by its word; a machine as spec text "
            + "(\"boot=2 nodes=2\"); or 'topology'.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _seed = new("--seed")
    {
        HelpName = "N",
        Description = "Seed of a topology.",
        DefaultValueFactory = static _ => Seed.Default,
    };

    private DescribeCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _targets = targets;
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var describe = new DescribeCommand(surroundings, targets);
        describe._what.Validators.Add(Bounds.RefuseOptions);
        var command = new Command("describe",
            "Explain one invariant, operation, fault, machine or topology.")
        {
            describe._what, describe._seed,
        };
        command.SetAction(describe.Execute);
        return command;
    }

    private int Execute(ParseResult parsed)
    {
        var words = parsed.GetValue(_what)!.SelectMany(static w => w.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToArray();
        var printer = Printer.Output(_surroundings);
        if (words is [TopologyWord])
            PrintTopology(printer, Seed.Parse(parsed.GetValue(_seed)!, _surroundings.Clock));
        else if (words.Length > 0 && words.All(static w => w.Contains('=')))
            PrintSpec(printer, ReadSpec(words));
        else if (words.Length != 1 || !TryPrintNamed(printer, words[0]))
            throw new UsageException($"nothing is called '{string.Join(' ', words)}'; 'hotplug list' shows every word; "
                + $"a machine is described by spec text such as \"boot=2 nodes=2\"; '{TopologyWord}' draws a host");
        return (int)ExitCode.Conforms;
    }

    private bool TryPrintNamed(Printer printer, string word)
    {
        if (Catalogue.All.FirstOrDefault(i => i.Id == word) is { } invariant)
            PrintInvariant(printer, invariant);
        else if (OperationTable.Find(word) is { } form)
            PrintOperation(printer, form);
        else if (_targets.Faults.FirstOrDefault(f => f.Fault.Id == word) is { Fault: not null } found)
            PrintFault(printer, found.Target, found.Fault);
        else if (ExpectedDefects.Bundled.Defects.FirstOrDefault(d => d.Precondition == word) is { } defect)
            DefectText.Print(printer, defect);
        else
            return false;
        return true;
    }

    private static void PrintInvariant(Printer printer, Invariant invariant)
    {
        printer.Heading(invariant.Id);
        printer.Line($"  {invariant.Statement}");
        printer.Line($"  family   {Words.Of(invariant.Family)}");
        printer.Line($"  catches  {invariant.Catches}");
        printer.Line($"  source   {invariant.Source}");
        printer.Line($"  levels   {(invariant.Level == Levels.None ? "any" : LevelsText.Print(invariant.Level))}");
        printer.Line($"  sees     {invariant.Needs.ToString().ToLowerInvariant()}");
    }

    private static void PrintOperation(Printer printer, OperationForm form)
    {
        printer.Heading(FormText.Of(form));
        printer.Line($"  {Meanings.Of(form.Kind)}");
        printer.Line($"  level    {LevelsText.Print(form.Level)}");
        if (form.Parameters.Length > 0)
            printer.Table(["argument", "default", "allowed"],
                [.. form.Parameters.Select(static p =>
                    new[] { p.Key, FormText.Default(p) ?? "must be given", FormText.Allowed(p) })]);
    }

    private static void PrintFault(Printer printer, TargetRow target, SeededFault fault)
    {
        printer.Heading(fault.Id);
        printer.Line($"  {fault.Summary}");
        printer.Line($"  target   {target.Name}");
        if (fault.Catalogue.Length > 0)
            printer.Line($"  like     {fault.Catalogue} of the catalogue: {fault.Source}");
        printer.Line($"  killed   by {fault.KilledBy}"
            + (fault.Shortest > 0 ? $", shown by {fault.Shortest} operations at least" : ""));
        printer.Line($"  try      hotplug gate --target {target.Name} --fault {fault.Id}");
    }

    private static MachineSpec ReadSpec(string[] words)
    {
        var spec = new MachineSpec();
        foreach (var word in words)
        {
            var equals = word.IndexOf('=');
            if (!SpecText.TryApply(ref spec, word[..equals], word[(equals + 1)..], out var error))
                throw new UsageException(error);
        }

        return SpecRules.Check(spec) is { } broken ? throw new UsageException(broken) : spec;
    }

    private static void PrintSpec(Printer printer, MachineSpec spec)
    {
        printer.Heading(SpecText.Print(spec) is { Length: > 0 } text ? text : "the default machine");
        printer.Line($"  memory block   {spec.PagesPerBlock} pages, {Bytes(spec, spec.PagesPerBlock)}, "
            + $"{spec.PagesPerBlock / spec.PagesPerPageblock} pageblocks, {spec.SectionsPerBlock} sections");
        printer.Line($"  boot memory    {Blocks(spec, 0, spec.BootBlocks)}");
        printer.Line($"  DIMM range     {Blocks(spec, spec.DimmFirstBlock, spec.DimmBlocks)}");
        for (var i = 0; i < spec.DeviceMemories.Length; i++)
        {
            var memory = spec.DeviceMemories[i];
            printer.Line($"  m{i + 1}             {Blocks(spec, memory.FirstBlock, memory.Blocks)}, "
                + $"sub-blocks of {Bytes(spec, memory.SubBlockPages)}, node {memory.Node}");
        }

        printer.Line($"  vmemmap        {spec.VmemmapPagesPerBlock} pages for a memory block; self-hosting is "
            + $"{(spec.CanSelfHost(MemmapOnMemory.On) ? "possible" : "not possible")}");
        printer.Line($"  dialect        {spec.Dialect.Name}");
    }

    private static void PrintTopology(Printer printer, ulong seed)
    {
        var topology = Topology.Draw(seed);
        printer.Text(topology.ToString());
        printer.Line($"  as a machine: {SpecText.Print(topology.ToSpec())}");
    }

    private static string Blocks(MachineSpec spec, int first, int count) => count == 0
        ? "none"
        : $"blocks {new PageRange(first, count)}, {Bytes(spec, (long)count * spec.PagesPerBlock)}";

    private static string Bytes(MachineSpec spec, long pages)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var unit = 0;
        var size = (double)pages * spec.PageBytes;
        for (; size >= 1024 && unit < units.Length - 1; unit++)
            size /= 1024;
        return $"{size:0.##} {units[unit]}";
    }
}
