using System.CommandLine;
using System.Globalization;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Faults;
using Hotplug.Engine.Gates;
using Hotplug.Engine.Run;
using Hotplug.Generators.Scopes;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug faults</c>: puts every fault into the machine that has it, and looks whether it is
/// found.</summary>
internal sealed class FaultsCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetTable _targets;
    private readonly Option<string[]> _only = new("--only")
    {
        HelpName = "id",
        Description = "These faults only; see 'hotplug list faults'.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int> _starts = new("--starts")
    {
        HelpName = "N",
        Description = "Searches of each fault, from different seeds.",
        DefaultValueFactory = static _ => 3,
    };

    private readonly Option<long> _budget = new("--budget")
    {
        HelpName = "N",
        Description = "Operations that one search may take.",
        DefaultValueFactory = static _ => new TrialOptions("").MostOperations,
    };

    private readonly Option<bool> _prove = new("--prove")
    {
        Description = "Prove the shortest trace of each again, by exploring the small scopes. Takes minutes.",
    };

    private readonly Option<string?> _markdown = new("--markdown")
    {
        HelpName = "file",
        Description = "Write the table as docs/FAULTS.md has it.",
    };

    private FaultsCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _targets = targets;
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var faults = new FaultsCommand(surroundings, targets);
        var command = new Command("faults",
            "Seed every fault into its machine and see that its rule finds it: who tests the tester.")
        {
            faults._only, faults._starts, faults._budget, faults._prove, faults._markdown,
        };
        command.SetAction((parsed, stop) => Task.Run(() => (int)faults.Execute(parsed, stop), CancellationToken.None));
        return command;
    }

    private ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var chosen = Choose(parsed.GetValue(_only) ?? []);
        var findings = new FaultFinding[chosen.Length];
        var done = 0;
        ProgressLine.During(_surroundings, "faults", progress =>
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = _surroundings.Processors };
            return Parallel.For(0, chosen.Length, options, (i, loop) =>
            {
                if (stop.IsCancellationRequested)
                    loop.Stop();
                else
                    findings[i] = Try(parsed, chosen[i].Target, chosen[i].Fault);
                var count = Interlocked.Increment(ref done);
                progress.Tell((double)count / chosen.Length, $"{count} of {chosen.Length} faults");
            });
        });
        if (Array.Exists(findings, static f => f is null))
            return ExitCode.Inconclusive;
        Print(findings);
        if (parsed.GetValue(_markdown) is { } file)
            WholeFile.Write(_surroundings, file, FaultsDocument.Print(findings));
        return Array.TrueForAll(findings, static f => f.IsKilled) ? ExitCode.Conforms : ExitCode.Violates;
    }

    private (TargetRow Target, SeededFault Fault)[] Choose(string[] only)
    {
        foreach (var id in only)
            if (!_targets.Faults.Any(f => f.Fault.Id == id))
                throw new UsageException($"unknown fault '{id}'; 'hotplug list faults' shows every one");
        return [.. _targets.Faults.Where(f => only.Length == 0 || only.Contains(f.Fault.Id))];
    }

    private FaultFinding Try(ParseResult parsed, TargetRow target, SeededFault fault)
    {
        using var machine = target.Open(fault.Id);
        var suite = target.Terms.Suite(machine.Identity);
        var starts = new FaultTrial(new Rig(machine, suite, target.Terms.Sequences(machine.Identity))).Run(
            new TrialOptions(fault.KilledBy)
            {
                Starts = parsed.GetValue(_starts),
                MostOperations = parsed.GetValue(_budget),
                OperationsPerSequence = target.Terms.OperationsPerSequence,
                Shrinking = target.Terms.Shrinking,
            });
        return new FaultFinding(fault, starts, parsed.GetValue(_prove) ? Prove(target, fault) : null);
    }

    // Lengths first: what is found is the shortest of all scopes, and nothing longer is looked at.
    private static int Prove(TargetRow target, SeededFault fault)
    {
        for (var length = 1; length <= fault.Shortest; length++)
            foreach (var scope in SmallScopes.All)
            {
                using var machine = target.Open(fault.Id);
                if ((scope.Needs & ~machine.Identity.Levels) != Contract.Machines.Levels.None)
                    continue;
                var runner = new Runner(machine, target.Terms.Suite(machine.Identity));
                var options = new ExploreOptions { MostOperations = length, Rule = fault.KilledBy };
                if (new Explorer(runner, scope, options).Explore().Failure is { } failure)
                    return failure.Executed.Length;
            }

        return 0;
    }

    private void Print(FaultFinding[] findings)
    {
        var printer = Printer.Output(_surroundings);
        printer.Table(["fault", "family", "like", "killed by", "shortest", "found after", "shrunk to", "at shortest", "answers",
            "executions", ""],
            [.. findings.Select(static f => new[]
            {
                f.Fault.Id, f.Fault.Family is { } family ? Words.Of(family) : "", f.Fault.Catalogue, f.Fault.KilledBy,
                Number(f.Fault.Shortest), Number(f.MedianOperations), Number(f.MedianLength),
                $"{f.AtShortest} of {f.Starts.Count}", Number(f.Answers), Number(f.MedianExecutions),
                f.IsKilled ? "" : "ALIVE",
            })]);
        foreach (var line in FaultFinding.Sums(findings))
            printer.Line(line);
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
