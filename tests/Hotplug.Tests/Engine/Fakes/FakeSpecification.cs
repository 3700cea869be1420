using Hotplug.Contract.Rules;

namespace Hotplug.Tests.Engine.Fakes;

/// <summary>
/// A specification whose state is the number of operations judged, or nothing; it permits everything but what a test
/// hooks in.
/// </summary>
internal sealed class FakeSpecification : ISpecification
{
    internal const string Rule = "fake.rule";

    /// <summary>Says whether a transition is refuted.</summary>
    internal Func<Transition, bool>? Refutes { get; init; }

    /// <summary>Its state is always the same.</summary>
    internal bool IsForgetful { get; init; }

    /// <summary>Adds to the menu.</summary>
    internal Action<Menu>? AlsoDescribes { get; init; }

    internal int Described { get; private set; }

    public Judgement Begin(Transition start) => Judgement.Permitted(0);

    public Judgement Judge(object state, Transition seen) => Refutes?.Invoke(seen) == true
        ? Judgement.Refuted(Break(Rule))
        : Judgement.Permitted(IsForgetful ? state : (int)state + 1);

    public object Retain(object state) => state;

    public void Describe(object state, Menu menu)
    {
        Described++;
        menu.NextDevice = (int)state + 1;
        AlsoDescribes?.Invoke(menu);
    }

    internal static Violation Break(string rule) =>
        new(rule, "the fake", "this", "that", new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages"));
}
