using Hotplug.Adapters.Qemu;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Qemu;

/// <summary>A test that needs QEMU, the agent and a kernel; where one of them is missing it is skipped by name, with the reason.</summary>
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

/// <summary>Kernels that can be run here.</summary>
internal static class LiveKernel
{
    /// <summary>The kernel, with QEMU and the agent. Throws if something is missing.</summary>
    public static LinuxOptions Find(string version) => LinuxOptions.FindFrom(Conventions.Repository.Root, version);

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
