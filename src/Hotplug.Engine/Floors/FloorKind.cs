namespace Hotplug.Engine.Floors;

/// <summary>What a floor is about.</summary>
public enum FloorKind : byte
{
    /// <summary>An operation and how it answered.</summary>
    Answer,
    /// <summary>A state, and an operation that met it.</summary>
    State,
    /// <summary>An operation, one of its arguments, and the form that it had.</summary>
    Argument,
    /// <summary>A fact that must hold now and then: <see cref="Contract.Rules.Sometimes"/>.</summary>
    Sometimes,
    /// <summary>A property of the machine that was drawn.</summary>
    Spec,
    /// <summary>A family that a sequence was steered towards.</summary>
    Steering,
    /// <summary>An arm of the generator.</summary>
    Arm,
}
