namespace Hotplug.Engine.Run;

/// <summary>What a run, or many, came to. The larger value outranks the smaller.</summary>
public enum Verdict
{
    /// <summary>Every judged step keeps every rule.</summary>
    Conforms,
    /// <summary>The harness failed: nothing is known. Never passes a gate.</summary>
    Inconclusive,
    /// <summary>The machine broke a rule.</summary>
    Violates,
}

/// <summary>Merging of verdicts: violates outranks inconclusive, which outranks conforms.</summary>
public static class Verdicts
{
    /// <summary>The verdict over two parts.</summary>
    public static Verdict And(this Verdict one, Verdict other) => one > other ? one : other;
}
