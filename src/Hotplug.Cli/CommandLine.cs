using System.CommandLine;
using Hotplug.Cli.Commands;
using Hotplug.Cli.Targets;
using Hotplug.Contract.Machines;

namespace Hotplug.Cli;

/// <summary>The command line <c>hotplug</c>: parses, calls a command, returns its exit code.</summary>
public sealed class CommandLine
{
    private readonly Surroundings _surroundings;
    private readonly RootCommand _root;

    /// <summary>For these machines, in these surroundings.</summary>
    public CommandLine(Surroundings surroundings, TargetTable targets)
    {
        _surroundings = surroundings;
        _root = new RootCommand(
            "Memory-hotplug conformance: says 'conforms', or hands back the shortest operation sequence that "
            + "breaks a named rule.")
        {
            GateCommand.Create(surroundings, targets),
            RunCommand.Create(surroundings, targets),
            ReplayCommand.Create(surroundings, targets),
            ShrinkCommand.Create(surroundings, targets),
            ExplainCommand.Create(surroundings, targets),
            ExploreCommand.Create(surroundings, targets),
            FaultsCommand.Create(surroundings, targets),
            RaceCommand.Create(surroundings, targets),
            CheckCommand.Create(surroundings),
            RecordCommand.Create(surroundings, targets),
            ReproduceCommand.Create(surroundings, targets),
            ListCommand.Create(surroundings, targets),
            DescribeCommand.Create(surroundings, targets),
            ServeCommand.Create(surroundings, targets),
        };
    }

    /// <summary>Runs what these arguments say. Ctrl-C asks the command to end; it tells what was done so far.</summary>
    public async Task<ExitCode> Run(IReadOnlyList<string> arguments, CancellationToken stop = default)
    {
        var parsed = _root.Parse(arguments);
        if (Mistake(parsed) is { } mistake)
            return Refuse(mistake);
        try
        {
            return (ExitCode)await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = _surroundings.Output,
                Error = _surroundings.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromMinutes(1),
            }, stop);
        }
        catch (UsageException usage)
        {
            return Refuse(usage.Message);
        }
        catch (HarnessException failed)
        {
            _surroundings.Error.WriteLine("inconclusive: " + failed.Message.ReplaceLineEndings(" "));
            return ExitCode.Inconclusive;
        }
    }

    /// <summary>What is wrong with these arguments, in one line; null if a command can be run with them.</summary>
    internal string? Mistake(IReadOnlyList<string> arguments) => Mistake(_root.Parse(arguments));

    private string? Mistake(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Errors.Count == 0)
            return null;
        // Of a group of commands the parser says that one is missing before it says which word it does not know.
        if (command.Subcommands.Count > 0)
            return (parsed.UnmatchedTokens is [var word, ..] ? $"unknown command '{word}'" : "a command is missing")
                + $"; known: {string.Join(", ", command.Subcommands.Select(static c => c.Name))}; see "
                + $"'{PathOf(command)} --help'";
        return $"{parsed.Errors[0].Message.TrimEnd('.')}; see '{PathOf(command)} --help'";
    }

    private ExitCode Refuse(string message)
    {
        _surroundings.Error.WriteLine("error: " + message.ReplaceLineEndings(" "));
        return ExitCode.Usage;
    }

    private string PathOf(Command command) => command == _root ? "hotplug" : $"hotplug {command.Name}";
}
