using System.Reflection;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Dll;

/// <summary>
/// Machines of any .NET assembly: a public class that implements <see cref="IMachine"/> and has a public constructor
/// without parameters. Named by the file, <c>my.dll</c>, or by file and class where it has several:
/// <c>my.dll:My.Machine</c>.
/// </summary>
public sealed class MachineAssembly
{
    private const string Extension = ".dll";

    private readonly Type _machine;

    private MachineAssembly(Type machine) => _machine = machine;

    /// <summary>True for a name of this form.</summary>
    public static bool IsName(string name) => PathEnd(name) > 0;

    /// <summary>The name of this class's machine, if it comes from an assembly file.</summary>
    public static string NameOf(Type machine) => $"{machine.Assembly.Location}:{machine.FullName}";

    /// <summary>
    /// Loads the assembly and finds its machine. Throws <see cref="MachineAssemblyException"/> if there is none, or not
    /// one alone.
    /// </summary>
    public static MachineAssembly Load(string name)
    {
        var end = PathEnd(name);
        var path = Path.GetFullPath(name[..end]);
        if (!File.Exists(path))
            throw new MachineAssemblyException($"{path}: no such file; build it first");
        var machines = MachinesOf(path);
        var wanted = end < name.Length ? name[(end + 1)..] : null;
        if (machines.Length == 0)
            throw new MachineAssemblyException($"{path}: no public class in it implements {nameof(IMachine)} of Hotplug.Contract "
                + "and has a public constructor without parameters");
        if (wanted is null)
            return machines.Length == 1 ? new MachineAssembly(machines[0])
                : throw new MachineAssemblyException($"{path}: it has {machines.Length} machines; name one: "
                    + string.Join(", ", machines.Select(m => $"{name}:{m.FullName}")));
        return Array.Find(machines, m => m.FullName == wanted) is { } found ? new MachineAssembly(found)
            : throw new MachineAssemblyException(
                $"{path}: no machine {wanted}; known: {string.Join(", ", machines.Select(static m => m.FullName))}");
    }

    /// <summary>A new machine. Throws <see cref="MachineAssemblyException"/> if its constructor fails.</summary>
    public IMachine Open()
    {
        try
        {
            return (IMachine)Activator.CreateInstance(_machine)!;
        }
        catch (TargetInvocationException thrown)
        {
            throw new MachineAssemblyException(
                $"{_machine.Assembly.Location}: the constructor of {_machine.FullName} failed: {thrown.InnerException?.Message}",
                thrown);
        }
    }

    // Where the path ends: after .dll, with nothing behind it or a colon and the name of a class.
    private static int PathEnd(string name)
    {
        var dot = name.IndexOf(Extension, StringComparison.OrdinalIgnoreCase);
        while (dot >= 0)
        {
            var end = dot + Extension.Length;
            if (end == name.Length || name[end] == ':')
                return end;
            dot = name.IndexOf(Extension, end, StringComparison.OrdinalIgnoreCase);
        }

        return -1;
    }

    private static Type[] MachinesOf(string path)
    {
        try
        {
            return [.. new IsolatedContext(path).LoadFromAssemblyPath(path).GetExportedTypes()
                .Where(static t => t is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
                    && typeof(IMachine).IsAssignableFrom(t) && t.GetConstructor(Type.EmptyTypes) is not null)
                .OrderBy(static t => t.FullName, StringComparer.Ordinal)];
        }
        catch (BadImageFormatException thrown)
        {
            throw new MachineAssemblyException($"{path}: not a .NET assembly", thrown);
        }
        catch (Exception thrown) when (thrown is IOException or TypeLoadException or ReflectionTypeLoadException)
        {
            throw new MachineAssemblyException($"{path}: cannot be loaded: {thrown.Message} "
                + "Build it against this Hotplug.Contract, and leave what it depends on beside it", thrown);
        }
    }
}
