using System.Reflection;
using System.Runtime.Loader;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Dll;

/// <summary>
/// Loads a stranger's assembly beside the suite: whatever it depends on comes from its own folder, in its own versions.
/// Only the contract is shared, so that its machine is a machine here.
/// </summary>
internal sealed class IsolatedContext(string path) : AssemblyLoadContext(Path.GetFileName(path))
{
    private static readonly Assembly s_contract = typeof(IMachine).Assembly;

    private readonly AssemblyDependencyResolver _resolver = new(path);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == s_contract.GetName().Name)
            return s_contract;
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } found ? LoadUnmanagedDllFromPath(found) : IntPtr.Zero;
}
