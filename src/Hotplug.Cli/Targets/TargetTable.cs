using System.Collections.Immutable;
using Hotplug.Contract.Machines;

namespace Hotplug.Cli.Targets;

/// <summary>A fault that can be seeded into a machine on purpose.</summary>
/// <param name="Id">Word id.</param>
/// <param name="Summary">What it gets wrong, in one sentence.</param>
/// <param name="KilledBy">Id of the invariant that finds it.</param>
public sealed record SeededFault(string Id, string Summary, string KilledBy);

/// <summary>A machine that can be named on the command line. A new one is one more row.</summary>
/// <param name="Name">The word after <c>--target</c>.</param>
/// <param name="Summary">What it is, in one sentence.</param>
/// <param name="Faults">Faults that can be seeded into it.</param>
/// <param name="Open">Opens it, with the fault of this id or null for none.</param>
public sealed record TargetRow(
    string Name, string Summary, ImmutableArray<SeededFault> Faults, Func<string?, IMachine> Open);

/// <summary>Every machine that can be named.</summary>
public sealed class TargetTable(ImmutableArray<TargetRow> rows)
{
    /// <summary>The rows, in the order listed.</summary>
    public ImmutableArray<TargetRow> Rows { get; } = rows;

    /// <summary>The row of that name. Throws <see cref="UsageException"/> if there is none.</summary>
    internal TargetRow Find(string name) => Rows.FirstOrDefault(r => r.Name == name)
        ?? throw new UsageException($"unknown target '{name}'; known: {string.Join(", ", Rows.Select(static r => r.Name))}");

    /// <summary>Every seeded fault with the machine that has it.</summary>
    internal IEnumerable<(TargetRow Target, SeededFault Fault)> Faults =>
        Rows.SelectMany(static r => r.Faults.Select(f => (r, f)));
}
