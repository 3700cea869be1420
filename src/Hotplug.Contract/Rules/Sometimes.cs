using Hotplug.Contract.Machines;

namespace Hotplug.Contract.Rules;

/// <summary>
/// Something that must happen now and then: while it never does, the rules about it hold because nothing asks them. It
/// judges nothing; a gate counts how often it happened.
/// </summary>
/// <param name="Id">Word id: <c>rollback.several-blocks</c>.</param>
/// <param name="Statement">What happens, in one sentence.</param>
/// <param name="Level">Levels that it needs.</param>
/// <param name="When">When it can happen at all.</param>
/// <param name="Happens">True if it happened in this transition. Keeps no state.</param>
public sealed record Sometimes(
    string Id, string Statement, Levels Level, Occasion When, Predicate<Transition> Happens);
