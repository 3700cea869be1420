using Hotplug.Adapters.Qemu;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Qemu;

/// <summary>A test that needs QEMU, the agent and a kernel; where one of them is missing it is skipped by name, with
/// the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LiveKernelTheoryAttribute : TheoryAttribute
{
    /// <summary>Looks for what the test needs.</summary>
    public LiveKernelTheoryAttribute()
    {
        foreach (var version in LinuxOptions.Versions)
            if (LiveKernel.WhyMissing(version) is { } reason)
                Skip = reason;
    }
}

/// <summary>As <see cref="LiveKernelTheoryAttribute"/>, and needs a busybox and bash.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LiveShellTheoryAttribute : TheoryAttribute
{
    /// <summary>Looks for what the test needs.</summary>
    public LiveShellTheoryAttribute()
    {
        foreach (var version in LinuxOptions.Versions)
            if (LiveKernel.WhyMissing(version) is { } reason)
                Skip = reason;
        foreach (var file in (string[])[LiveKernel.Busybox, "/bin/bash"])
            if (!File.Exists(file))
                Skip = $"there is no {file}; a static busybox: run scripts/fetch-kernel busybox";
    }
}

/// <summary>Kernels that can be run here.</summary>
internal static class LiveKernel
{
    /// <summary>The kernel, with QEMU and the agent. Throws if something is missing.</summary>
    public static LinuxOptions Find(string version) => LinuxOptions.FindFrom(Conventions.Repository.Root, version);

    /// <summary>A static busybox, for guests with nothing of ours in them.</summary>
    public static string Busybox => Path.Combine(Conventions.Repository.Root, ".hotplug", "busybox", "busybox");

    /// <summary>What is missing, and the command that gets it; null if nothing is.</summary>
    public static string? WhyMissing(string version)
    {
        try
        {
            Find(version);
            return null;
        }
        catch (HarnessException missing)
        {
            return missing.Message;
        }
    }
}
