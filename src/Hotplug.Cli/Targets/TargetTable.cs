using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;

namespace Hotplug.Cli.Targets;

/// <summary>A fault that can be seeded into a machine on purpose.</summary>
/// <param name="Id">Word id.</param>
/// <param name="Summary">What it gets wrong, in one sentence.</param>
/// <param name="KilledBy">Id of the invariant that finds it.</param>
public sealed record SeededFault(string Id, string Summary, string KilledBy)
{
    /// <summary>The family of rules that it is about; null: none in particular.</summary>
    public Family? Family { get; init; }

    /// <summary>The entry of the catalogue that it is modelled on.</summary>
    public string Catalogue { get; init; } = "";

    /// <summary>Operations of the shortest trace that shows it in the small scopes; 0: not known.</summary>
    public int Shortest { get; init; }

    /// <summary>Where the rule that it breaks comes from.</summary>
    public Citation? Source { get; init; }
}

/// <summary>A machine that can be named on the command line. A new one is one more row.</summary>
/// <param name="Name">The word after <c>--target</c>.</param>
/// <param name="Summary">What it is, in one sentence.</param>
/// <param name="Faults">Faults that can be seeded into it.</param>
/// <param name="Open">Opens it, with the fault of this id or null for none.</param>
public sealed record TargetRow(
    string Name, string Summary, ImmutableArray<SeededFault> Faults, Func<string?, IMachine> Open)
{
    /// <summary>On which terms it is tested.</summary>
    public TargetTerms Terms { get; init; } = TargetTerms.Usual;

    /// <summary>The same machine under schedules; null: it is not one whose operations may overlap.</summary>
    public RaceTarget? Races { get; init; }

    /// <summary>Levels that it can have, where opening it needs more than this program; null: the opened machine
    /// says.</summary>
    public Levels? Offers { get; init; }

    /// <summary>Its levels, without a fault.</summary>
    public Levels Levels
    {
        get
        {
            if (Offers is { } levels)
                return levels;
            using var machine = Open(null);
            return machine.Identity.Levels | (Races is null ? Levels.None : Levels.Schedules);
        }
    }
}

/// <summary>Machines that are named by what follows a prefix: <c>stdio:COMMAND</c>.</summary>
/// <param name="Prefix">What the name begins with, the colon included.</param>
/// <param name="Rest">What follows, for people.</param>
/// <param name="Summary">What they are, in one sentence.</param>
/// <param name="Open">Opens the machine of what follows. Throws <see cref="UsageException"/> if that cannot be
/// read.</param>
public sealed record TargetScheme(string Prefix, string Rest, string Summary, Func<string, IMachine> Open)
{
    /// <summary>On which terms they are tested.</summary>
    public TargetTerms Terms { get; init; } = TargetTerms.Usual;

    /// <summary>True for a name of this form; null: it begins with the prefix.</summary>
    public Func<string, bool>? Fits { get; init; }

    /// <summary>True if the name is of this form.</summary>
    internal bool IsNamed(string name) => Fits?.Invoke(name) ?? name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Prints <c>stdio:COMMAND</c>.</summary>
    public override string ToString() => Prefix + Rest;
}

/// <summary>Every machine that can be named.</summary>
public sealed class TargetTable(ImmutableArray<TargetRow> rows, ImmutableArray<TargetScheme> schemes = default)
{
    /// <summary>The rows, in the order listed.</summary>
    public ImmutableArray<TargetRow> Rows { get; } = rows;

    /// <summary>The schemes, in the order listed.</summary>
    public ImmutableArray<TargetScheme> Schemes { get; } = schemes.IsDefault ? [] : schemes;

    /// <summary>Every name and scheme, for people.</summary>
    internal string Known =>
        string.Join(", ", [.. Rows.Select(static r => r.Name), .. Schemes.Select(static s => s.ToString())]);

    /// <summary>The row of that name. Throws <see cref="UsageException"/> if there is none.</summary>
    internal TargetRow Find(string name)
    {
        if (Rows.FirstOrDefault(r => r.Name == name) is { } row)
            return row;
        foreach (var scheme in Schemes)
            if (scheme.IsNamed(name))
                return new TargetRow(name, scheme.Summary, [], _ => scheme.Open(name[scheme.Prefix.Length..]))
                {
                    Terms = scheme.Terms,
                };
        throw new UsageException($"unknown target '{name}'; known: {Known}");
    }

    /// <summary>Every seeded fault with the machine that has it.</summary>
    internal IEnumerable<(TargetRow Target, SeededFault Fault)> Faults =>
        Rows.SelectMany(static r => r.Faults.Select(f => (r, f)));
}
