using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Targets;
using Hotplug.Cli.Terminal;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Explore;
using Hotplug.Engine.Report;
using Hotplug.Engine.Run;
using Hotplug.Generators.Scopes;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug explore</c>: every operation in every state that small machines can come to.</summary>
internal sealed class ExploreCommand
{
    private readonly Surroundings _surroundings;
    private readonly TargetOptions _target;
    private readonly Option<string[]> _scopes = new("--scope")
    {
        HelpName = "name",
        Description = $"Explore these scopes only: {string.Join(", ", SmallScopes.All.Select(static s => s.Name))}.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _out = new("--out")
    {
        HelpName = "folder",
        Description = "Where the trace of a failure is written, as <rule>.trace.",
        DefaultValueFactory = static _ => "out",
    };

    private ExploreCommand(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _target = new TargetOptions(targets);
        _scopes.AcceptOnlyFromAmong([.. SmallScopes.All.Select(static s => s.Name)]);
    }

    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var explore = new ExploreCommand(surroundings, targets);
        var command = new Command("explore",
            "Try every operation in every state that small machines can come to; the first failure is the shortest.");
        explore._target.AddAllTo(command);
        command.Add(explore._scopes);
        command.Add(explore._out);
        command.SetAction((parsed, stop) => Task.Run(() => (int)explore.Execute(parsed, stop), CancellationToken.None));
        return command;
    }

    private ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var choice = _target.Read(parsed);
        MachineIdentity identity;
        using (var machine = choice.Open())
            identity = machine.Identity;
        var names = parsed.GetValue(_scopes) ?? [];
        var scopes = SmallScopes.All.Where(s => names.Length == 0 || names.Contains(s.Name)).ToImmutableArray();
        var fitting = scopes.Where(s => (s.Needs & ~identity.Levels) == Levels.None).ToImmutableArray();
        var started = _surroundings.Clock.GetTimestamp();
        var results = new ExploreResult[fitting.Length];
        Parallel.For(0, fitting.Length, new ParallelOptions { MaxDegreeOfParallelism = Workers(choice) }, i =>
        {
            using var machine = choice.Open();
            results[i] = new Explorer(new Runner(machine, choice.SuiteFor(identity)), fitting[i],
                new ExploreOptions { TimeIsUp = () => stop.IsCancellationRequested }).Explore();
        });
        var elapsed = _surroundings.Clock.GetElapsedTime(started);
        return Report(parsed, choice, identity, results, [.. scopes.Except(fitting)], elapsed);
    }

    private int Workers(Choice choice) => Math.Min(_surroundings.Processors, choice.Target.Terms.MostWorkers);

    private ExitCode Report(ParseResult parsed, Choice choice, MachineIdentity identity, ExploreResult[] results,
        ImmutableArray<Scope> left, TimeSpan elapsed)
    {
        var printer = Printer.Output(_surroundings);
        printer.Heading($"explore {identity.Name}");
        printer.Table(["scope", "states", "edges", "depth", "result", "what it covers"],
            [.. results.Select(static r => new[]
            {
                r.Scope.Name, Number(r.States), Number(r.Edges), Number(r.Depth), ResultOf(r), r.Scope.Covers,
            })]);
        foreach (var scope in left)
            printer.Line($"  not explored: {scope.Name} needs "
                + LevelsText.Print(scope.Needs & ~identity.Levels));
        var failure = results.Select(static r => r.Failure).OfType<RunResult>()
            .OrderBy(static f => f.Executed.Length).FirstOrDefault();
        var verdict = failure?.Verdict
            ?? (Array.TrueForAll(results, static r => r.IsComplete) ? Verdict.Conforms : Verdict.Inconclusive);
        printer.Verdict(verdict, $": {Number(results.Sum(static r => (long)r.States))} states, "
            + $"{Number(results.Sum(static r => r.Edges))} operations judged, {elapsed.TotalSeconds:0.0} s");
        if (failure is not null)
            FailureFile.WriteAndPrint(_surroundings, printer,
                Path.Combine(parsed.GetValue(_out)!, failure.Violation!.Rule + ".trace"),
                new Failure(identity, failure, failure.Executed.Length) { IsProvedMinimal = true }, choice);
        return ExitCodes.Of(verdict);
    }

    private static string ResultOf(ExploreResult result) =>
        result.Failure is { } failure ? failure.Violation!.Rule : !result.IsComplete ? "not finished"
        : result.Scope.MostOperations == int.MaxValue ? "all" : $"all of {result.Scope.MostOperations} operations";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
