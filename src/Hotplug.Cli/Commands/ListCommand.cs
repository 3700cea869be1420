using System.CommandLine;
using Hotplug.Adapters.Kernel;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Invariants;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug list</c>: what the suite knows.</summary>
internal sealed class ListCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetTable _targets;

    private ListCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _targets = targets;
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var list = new ListCommand(surroundings, targets);
        var command = new Command("list", "Show what the suite knows.");
        foreach (var (name, description, print) in list.Lists)
        {
            var child = new Command(name, description);
            child.SetAction(_ =>
            {
                print(Printer.Output(surroundings));
                return (int)ExitCode.Conforms;
            });
            command.Add(child);
        }

        return command;
    }

    private (string Name, string Description, Action<Printer> Print)[] Lists =>
    [
        ("invariants", "Every named invariant, by family.", PrintInvariants),
        ("operations", "Every operation: its form and the level that has it.", PrintOperations),
        ("levels", "Every level, and which targets have it.", PrintLevels),
        ("targets", "Every machine that can be judged.", PrintTargets),
        ("faults", "Every fault that can be seeded on purpose.", PrintFaults),
        ("dialects", "Kernel versions and source documents, and how they differ.", PrintDialects),
        ("expected", "Every declared defect of a real kernel: known violations, not rules.", PrintExpected),
    ];

    private static void PrintInvariants(Printer printer) => printer.Table(["invariant", "family", "statement"],
        [.. Catalogue.All.OrderBy(static i => i.Family)
            .Select(static i => new[] { i.Id, Words.Of(i.Family), i.Statement })]);

    private static void PrintOperations(Printer printer) => printer.Table(["operation", "level"],
        [.. OperationTable.Forms.Select(static f => new[] { FormText.Of(f), LevelsText.Print(f.Level) })]);

    private void PrintLevels(Printer printer)
    {
        var machines = _targets.Rows.Select(static r => (r.Name, r.Levels)).ToArray();
        printer.Table(["level", "targets"],
        [
            .. LevelsText.All.Select(l => new[]
            {
                l.Word, string.Join(' ', machines.Where(m => m.Levels.HasFlag(l.Level)).Select(static m => m.Name)),
            }),
        ]);
    }

    private void PrintTargets(Printer printer) => printer.Table(["target", "what it is", "levels"],
    [
        .. _targets.Rows.Select(static r => new[] { r.Name, r.Summary, LevelsText.Print(r.Levels) }),
        .. _targets.Schemes.Select(static s => new[] { s.ToString(), s.Summary, "what it says" }),
    ]);

    private void PrintFaults(Printer printer) => printer.Table(["fault", "target", "killed by", "what it gets wrong"],
        [.. _targets.Faults.Select(static f =>
            new[] { f.Fault.Id, f.Target.Name, f.Fault.KilledBy, f.Fault.Summary })]);

    private static void PrintDialects(Printer printer) =>
        printer.Table(["difference", .. Dialect.All.Select(static d => d.Name), "source"],
    [
        .. Dialect.Sources.OrderBy(static s => s.Key).Select(static s => (string[])
        [
            Words.Of(s.Key), .. Dialect.All.Select(d => d.Has(s.Key) ? "yes" : "-"), s.Value.ToString(),
        ]),
    ]);

    private static void PrintExpected(Printer printer) => printer.Table(["defect", "kernels", "breaks"],
        [.. ExpectedDefects.Bundled.Defects.Select(static d =>
            new[] { d.Precondition, DefectText.Kernels(d), d.Rule })]);
}
