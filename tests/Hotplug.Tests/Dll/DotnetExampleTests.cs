using System.Diagnostics;
using System.Runtime.Loader;
using Hotplug.Adapters.Dll;
using Hotplug.Bitmap;
using Hotplug.Cli;
using Hotplug.Contract.Machines;
using Hotplug.Tests.Cli;
using Hotplug.Tests.Conventions;
using Xunit;

namespace Hotplug.Tests.Dll;

/// <summary>
/// A stranger's machine and a stranger's test project, outside the solution: judged from the command line and by xunit.
/// This project's build builds them.
/// </summary>
public sealed class DotnetExampleTests : IDisposable
{
    private static readonly string s_toy = PathOf("ToyHotplug");
    private static readonly string s_here = typeof(DotnetExampleTests).Assembly.Location;

    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public async Task The_command_line_gates_a_machine_of_any_assembly()
    {
        Assert.Equal(ExitCode.Conforms, await _shell.Run("gate", "--target", s_toy, "--budget", "12", "--junit", _shell.PathOf("junit.xml")));
        Assert.Contains("  machine  toy 1\n", _shell.Output);
        Assert.Contains("conforms at levels core\n", _shell.Output);
        Assert.Contains("<testcase", await File.ReadAllTextAsync(_shell.PathOf("junit.xml")));
    }

    [Fact]
    public async Task A_class_is_named_where_an_assembly_has_several()
    {
        var trace = _shell.Write("idle.trace", "hotplug-trace 1\ntick seconds=1\n");
        Assert.Equal(ExitCode.Conforms,
            await _shell.Run("replay", trace, "--target", $"{s_here}:{typeof(IdleForeignMachine).FullName}"));
        Assert.Contains("replay idle.trace on idle\n", _shell.Output);
    }

    [Theory]
    [InlineData("none.dll", "none.dll: no such file; build it first")]
    [InlineData("TEXT", "text.dll: not a .NET assembly")]
    [InlineData("MODEL", "Hotplug.Model.dll: no public class in it implements IMachine of Hotplug.Contract")]
    [InlineData("HERE", "it has 2 machines; name one: ")]
    [InlineData("HERE:Hotplug.Tests.Dll.Nobody", "no machine Hotplug.Tests.Dll.Nobody; known: Hotplug.Tests.Dll.BrokenForeignMachine, ")]
    [InlineData("HERE:Hotplug.Tests.Dll.BrokenForeignMachine", "the constructor of Hotplug.Tests.Dll.BrokenForeignMachine failed: no memory to plug")]
    public async Task What_is_no_machine_is_refused_in_one_line(string target, string message)
    {
        _shell.Write("text.dll", "not an assembly");
        var name = target.Replace("HERE", s_here, StringComparison.Ordinal)
            .Replace("TEXT", _shell.PathOf("text.dll"), StringComparison.Ordinal)
            .Replace("MODEL", typeof(Hotplug.Model.ReferenceModel).Assembly.Location, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await _shell.Run("gate", "--target", name));
        Assert.StartsWith("error: --target ", _shell.Error);
        Assert.Contains(message, _shell.Error);
        Assert.Single(_shell.Error.Trim().Split('\n'));
    }

    [Fact]
    public void It_is_loaded_apart_and_shares_nothing_but_the_contract()
    {
        using var machine = MachineAssembly.Load(s_toy).Open();
        var context = AssemblyLoadContext.GetLoadContext(machine.GetType().Assembly);
        Assert.NotSame(AssemblyLoadContext.Default, context);
        Assert.NotSame(AssemblyLoadContext.GetLoadContext(typeof(BitmapMachine).Assembly), context);
        Assert.Equal(["ToyHotplug"], context!.Assemblies.Select(static a => a.GetName().Name));
        Assert.IsAssignableFrom<IMachine>(machine);
    }

    [Fact]
    public void One_line_gives_a_test_project_every_property()
    {
        var line = Assert.Single(File.ReadLines(Path.Combine(Repository.Root, "examples", "dotnet", "ToyHotplug.Tests",
            "ToyMachineConforms.cs")), static l => l.Contains("class", StringComparison.Ordinal));
        Assert.EndsWith(": Hotplug.Properties.MachineProperties(new ToyMachine());", line);
        using var tests = Process.Start(new ProcessStartInfo("dotnet",
            ["vstest", PathOf("ToyHotplug.Tests"), "--TestCaseFilter:FullyQualifiedName~The_machine_does_not"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var output = tests.StandardOutput.ReadToEnd();
        tests.WaitForExit();
        Assert.True(tests.ExitCode == 0, output);
        Assert.Contains("Passed:     1", output);
    }

    // Beside this assembly, so that it was built for the same configuration.
    private static string PathOf(string project)
    {
        var configuration = Path.GetRelativePath(Path.Combine(Repository.Root, "tests", "Hotplug.Tests"), AppContext.BaseDirectory);
        return Path.Combine(Repository.Root, "examples", "dotnet", project, configuration, project + ".dll");
    }
}
