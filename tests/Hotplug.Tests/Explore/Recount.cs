using System.Globalization;
using System.Text;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Run;

namespace Hotplug.Tests.Explore;

/// <summary>
/// Counts the states and edges of a scope in the most naive way: every sequence from the very start, every state as
/// text, every renaming tried. Shares nothing with the explorer but the runner.
/// </summary>
internal sealed class Recount(Scope scope, IMachine machine, Suite judges)
{
    private readonly Runner _runner = new(machine, judges);
    private readonly Observation _seen = new();
    private readonly List<(string Text, object State)> _found = [];
    private readonly List<Func<Name, Name>> _renamings = [.. Renamings(scope)];

    internal int States => _found.Count;

    internal long Edges { get; private set; }

    internal int Depth { get; private set; }

    internal void Count()
    {
        var level = new List<Operation[]> { Array.Empty<Operation>() };
        _found.Add(Run([]));
        while (level.Count > 0)
        {
            var next = new List<Operation[]>();
            foreach (var way in level)
                foreach (var operation in scope.Alphabet.Where(o => IsTried(way, o)))
                {
                    Edges++;
                    Operation[] further = [.. way, operation];
                    if (!IsKnown(further))
                    {
                        _found.Add(Run(further));
                        next.Add(further);
                    }
                }

            level = next;
            Depth += next.Count > 0 ? 1 : 0;
        }
    }

    private bool IsKnown(Operation[] way)
    {
        foreach (var renaming in _renamings)
        {
            var seen = Run([.. way.Select(o => o with { Subject = renaming(o.Subject) })]);
            if (_found.Any(known => known.Text == seen.Text && known.State.Equals(seen.State)))
                return true;
        }

        return false;
    }

    private bool IsTried(Operation[] way, Operation operation)
    {
        if (!IsBound(way, operation))
            return false;
        if (operation.Kind == OperationKind.Tick)
            return Seconds(way) + operation.Amount <= scope.MostSeconds;
        if (operation.Kind == OperationKind.Get)
            return ExtraReferences(way, operation.Subject) < scope.MostExtraReferences;
        var creates = operation.Kind is OperationKind.Add or OperationKind.Alloc;
        for (var id = 1; creates && id < operation.Subject.Id; id++)
            if (IsBound(way, operation with { Subject = operation.Subject with { Id = id } }))
                return false;
        return true;
    }

    private static long Seconds(Operation[] way) =>
        way.Sum(static o => o.Kind == OperationKind.Tick ? o.Amount : 0);

    // What was got and not put since the allocation came to be; of other pages, since the start.
    private int ExtraReferences(Operation[] way, Name page)
    {
        _runner.Walk(scope.Spec, new TraceSource([.. way]), int.MaxValue);
        var extra = 0;
        for (var i = 0; i < way.Length; i++)
            if (_runner.Answers[i].IsOk)
                extra = way[i].Kind switch
                {
                    OperationKind.Alloc when way[i].Subject == page.WithPage(-1) => 0,
                    OperationKind.Get when way[i].Subject.WithPage(-1) == page.WithPage(-1) => extra + 1,
                    OperationKind.Put when way[i].Subject.WithPage(-1) == page.WithPage(-1) => extra - 1,
                    _ => extra,
                };
        return extra;
    }

    private bool IsBound(Operation[] way, Operation operation)
    {
        _runner.Walk(scope.Spec, new TraceSource([.. way, operation]), int.MaxValue);
        return _runner.Answers[^1].Completion != Completion.Unbound;
    }

    private (string Text, object State) Run(Operation[] way)
    {
        if (_runner.Run(scope.Spec, new TraceSource([.. way]), int.MaxValue).Violation is { } violation)
            throw new InvalidOperationException(violation.ToString());
        machine.Observe(_seen);
        return ($"{TextOf(_seen)} after {Seconds(way)} s", judges.Specification.Retain(_runner.State!));
    }

    private static string TextOf(Observation seen)
    {
        var text = new StringBuilder();
        foreach (var block in seen.Blocks)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{block.Block} {block.State} {block.Node} {block.Zone} {block.OtherZone} {block.IsRegistered}:");
            foreach (var run in block.Pages.Runs)
                text.Append(CultureInfo.InvariantCulture, $" {run.Count} {run.State} order {run.State.Order},");
        }

        foreach (var part in (IEnumerable<object>)[.. seen.Zones.ToArray().Cast<object>(),
            .. seen.Devices.ToArray().Cast<object>(), .. seen.Nodes.ToArray().Cast<object>(),
            .. seen.Resources.ToArray().Cast<object>(), .. seen.Pcplists.ToArray().Cast<object>(), .. seen.Balloons.ToArray().Cast<object>()])
            text.Append(part).Append('\n');
        return text.Append(CultureInfo.InvariantCulture,
            $"{seen.ManagedTotal} {seen.PoisonedPages} {seen.BootMemmapPages} {seen.Callbacks} {seen.Loans}").ToString();
    }

    private static IEnumerable<Func<Name, Name>> Renamings(Scope scope)
    {
        var devices = Ids(scope, NameKind.Device);
        var allocations = Ids(scope, NameKind.Allocation);
        foreach (var d in Permutations(devices))
            foreach (var a in Permutations(allocations))
                yield return name => name switch
                {
                    { Kind: NameKind.Device, Id: > 0 } => name with { Id = d[Array.IndexOf(devices, name.Id)] },
                    { Kind: NameKind.Allocation } => name with { Id = a[Array.IndexOf(allocations, name.Id)] },
                    _ => name,
                };
    }

    private static int[] Ids(Scope scope, NameKind kind) => [.. scope.Alphabet.Select(static o => o.Subject)
        .Where(n => n.Kind == kind && n.Id > 0).Select(static n => n.Id).Distinct()];

    private static IEnumerable<int[]> Permutations(int[] ids)
    {
        if (ids.Length == 0)
            return [[]];
        return ids.SelectMany(first => Permutations([.. ids.Where(id => id != first)])
            .Select(rest => (int[])[first, .. rest]));
    }
}
