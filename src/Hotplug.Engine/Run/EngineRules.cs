using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;

namespace Hotplug.Engine.Run;

/// <summary>The rules that the engine itself judges: a machine answers, in time, in a form that can be read.</summary>
public static class EngineRules
{
    /// <summary>A machine threw.</summary>
    public const string Crash = MachineRules.Crash;

    /// <summary>A machine did not answer before the deadline.</summary>
    public const string Hang = MachineRules.Hang;

    /// <summary>A machine answered or showed something that cannot be.</summary>
    public const string Garbage = "machine.garbage";

    /// <summary>The harness failed: inconclusive.</summary>
    public const string HarnessFailed = "harness.failed";

    /// <summary>A specification, an invariant or a generator threw: inconclusive, and a bug of the suite.</summary>
    public const string SuiteCrash = "suite.crash";

    private static readonly Citation s_execute =
        new("contract", "IMachine.Execute", "never throws for a refused operation");
    private static readonly Citation s_time = new("contract", "IMachine.Execute", "every operation ends");
    private static readonly Citation s_form = new("contract", "IMachine.Observe", "writes a well-formed observation");
    private static readonly Citation s_harness = new("contract", "HarnessException", "the harness failed, not the machine");
    private static readonly Citation s_suite = new("contract", "ISpecification and Invariant", "judge without throwing");

    internal static Violation CrashOf(string doing, Exception thrown) =>
        new(Crash, doing, "an answer", Tell(thrown), s_execute);

    internal static Violation HangOf(string doing, TimeSpan limit) =>
        new(Hang, doing, $"an answer within {limit.TotalSeconds:0.###} s", "none", s_time);

    internal static Violation GarbageOf(string subject, string expected, string observed) =>
        new(Garbage, subject, expected, observed, s_form);

    internal static Violation HarnessFailedOf(HarnessException thrown) =>
        new(HarnessFailed, "the harness", "a machine that runs", thrown.Message, s_harness);

    internal static Violation SuiteCrashOf(string doing, Exception thrown) =>
        new(SuiteCrash, doing, "a judgement", Tell(thrown), s_suite);

    // The innermost frame is where the reader looks first; the whole stack would bury the report.
    private static string Tell(Exception thrown)
    {
        var frame = thrown.StackTrace?.Split('\n', 2)[0].Trim() ?? "";
        return $"{thrown.GetType().Name}: {thrown.Message}{(frame.Length > 0 ? " " + frame : "")}";
    }
}
