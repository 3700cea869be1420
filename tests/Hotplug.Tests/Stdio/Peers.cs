using System.Diagnostics;
using Hotplug.Adapters.Stdio;
using Hotplug.Contract.Machines;
using Hotplug.Engine.Run;
using Hotplug.Invariants;
using Hotplug.Model;
using Hotplug.Tests.Conventions;
using Xunit.Abstractions;

namespace Hotplug.Tests.Stdio;

/// <summary>Programs that speak the protocol, and the tools that they need.</summary>
internal static class Peers
{
    internal const string Serve = "serve";
    internal const string C = "examples/c/machine.c";
    internal const string Python = "examples/python/machine.py";

    // Patience costs nothing while a peer answers: these tests must also pass on a machine that is busy.
    private static readonly StdioOptions s_patient = new() { Limit = TimeSpan.FromMinutes(2) };
    private static readonly Lazy<string> s_compiled = new(Compile);

    internal static Suite Suite => new(new ReferenceModel(), Catalogue.All);

    /// <summary>How to start one of the peers; null, told loudly, if a tool for it is missing.</summary>
    internal static PeerCommand? Find(string peer, ITestOutputHelper output) => peer switch
    {
        Serve => Command("dotnet", Path.Combine(AppContext.BaseDirectory, "hotplug.dll"), "serve"),
        C => Has("gcc", output) ? Command(s_compiled.Value) : null,
        _ => Has("python3", output) ? Command("python3", Path.Combine(Repository.Root, peer)) : null,
    };

    internal static StdioMachine Open(PeerCommand command) => StdioMachine.Open(command, s_patient);

    internal static ProtocolConformance Check(PeerCommand command) => new(command, s_patient);

    internal static PeerCommand Command(params string[] words) => new([.. words]);

    /// <summary>A peer of a few shell commands: says hello, then goes on with these.</summary>
    internal static PeerCommand Shell(string script) => Command("/bin/sh", "-c",
        """
        read -r hello
        echo '{"hello":{"protocol":1,"name":"shell","version":"1","levels":["core"],"visible":["blocks"]}}'
        """ + "\n" + script);

    internal static bool Has(string tool, ITestOutputHelper output)
    {
        if (Executable.Find(tool, null) is not null)
            return true;
        var message = $"NOT TESTED: {tool} is not on this machine; install it to test what needs it";
        output.WriteLine(message);
        Console.Error.WriteLine(message);
        return false;
    }

    private static string Compile()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "example-machine-c");
        using var compiler = Process.Start("gcc",
            ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, Path.Combine(Repository.Root, C)]);
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? program
            : throw new HarnessException($"{C} does not compile; see the compiler's message above");
    }
}
