using System.CommandLine;
using Hotplug.Adapters.Stdio;
using Hotplug.Cli.Input;
using Hotplug.Cli.Targets;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug serve</c>: puts a machine of ours behind the protocol, so that it can be driven as strangers
/// are.</summary>
internal static class ServeCommand
{
    internal static Command Create(Surroundings surroundings, TargetTable targets)
    {
        var target = new TargetOptions(targets);
        var command = new Command("serve",
            "Answer requests of the protocol on standard input and output; see PROTOCOL.md.");
        target.AddAllTo(command);
        command.SetAction(parsed =>
        {
            using var machine = target.Read(parsed).Open();
            var (input, output) = surroundings.Wire();
            new MachineServer(machine).Serve(input, output);
            return (int)ExitCode.Conforms;
        });
        return command;
    }
}
