using Hotplug.Cli;
using Hotplug.Cli.Targets;

namespace Hotplug.Tests.Cli;

/// <summary>The command line in process, in a folder of its own that is gone afterwards.</summary>
internal sealed class Shell : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    internal Shell()
    {
        Folder = Directory.CreateTempSubdirectory("hotplug-").FullName;
        Surroundings = new Surroundings
        {
            Output = _output,
            Error = _error,
            Folder = Folder,
            ProgramFolder = AppContext.BaseDirectory
        };
    }

    internal string Folder { get; }

    internal Surroundings Surroundings { get; set; }

    internal TargetTable Targets { get; set; } = BundledTargets.Table;

    internal CancellationToken Stop { get; set; }

    /// <summary>What the last command printed.</summary>
    internal string Output => _output.ToString();

    /// <summary>What the last command complained of.</summary>
    internal string Error => _error.ToString();

    internal string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal async Task<ExitCode> Run(params string[] arguments)
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
        return await new CommandLine(Surroundings, Targets).Run(arguments, Stop);
    }

    /// <summary>Runs a command as it was printed for a reader: what starts the program is cut off.</summary>
    internal Task<ExitCode> RunPrinted(string command)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Run(words[(words[0] == "hotplug" ? 1 : Array.IndexOf(words, "--") + 1)..]);
    }

    internal string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return name;
    }

    internal string PathOf(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
