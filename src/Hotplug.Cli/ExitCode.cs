using Hotplug.Engine.Run;

namespace Hotplug.Cli;

/// <summary>What the process tells its caller. Scripts rely on these numbers.</summary>
public enum ExitCode
{
    /// <summary>Everything that was judged keeps every rule.</summary>
    Conforms = 0,
    /// <summary>A rule was broken, or a gate did not reach what it is to reach.</summary>
    Violates = 1,
    /// <summary>The command line or its input cannot be used; nothing was judged wrong.</summary>
    Usage = 2,
    /// <summary>Interrupted, or the harness failed: nothing is known.</summary>
    Inconclusive = 3,
}

/// <summary>The exit code of a verdict.</summary>
internal static class ExitCodes
{
    internal static ExitCode Of(Verdict verdict) => verdict switch
    {
        Verdict.Conforms => ExitCode.Conforms,
        Verdict.Violates => ExitCode.Violates,
        _ => ExitCode.Inconclusive,
    };
}
