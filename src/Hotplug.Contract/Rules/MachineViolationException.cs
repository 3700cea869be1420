namespace Hotplug.Contract.Rules;

/// <summary>
/// The machine broke a rule in a way that only its adapter can tell: its process crashed, it did not answer in time,
/// what it wrote cannot be read. A run that meets it violates that rule.
/// </summary>
public sealed class MachineViolationException : Exception
{
    /// <summary>With the rule that was broken, and the evidence.</summary>
    public MachineViolationException(Violation violation)
        : base(violation.ToString()) => Violation = violation;

    /// <summary>With the cause.</summary>
    public MachineViolationException(Violation violation, Exception cause)
        : base(violation.ToString(), cause) => Violation = violation;

    /// <summary>The rule that was broken, and the evidence.</summary>
    public Violation Violation { get; }
}

/// <summary>The rules that whoever calls a machine judges: it answers, in time, in a form that can be read.</summary>
public static class MachineRules
{
    /// <summary>A machine threw, or its process ended.</summary>
    public const string Crash = "machine.crash";

    /// <summary>A machine did not answer before the deadline.</summary>
    public const string Hang = "machine.hang";

    /// <summary>A machine's process wrote what is not of the protocol.</summary>
    public const string Malformed = "wire.malformed";
}
