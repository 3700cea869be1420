using Hotplug.Contract.Rules;

namespace Hotplug.Benchmarks.Whole;

/// <summary>A specification that permits everything: what a run costs without judging.</summary>
internal sealed class Anything : ISpecification
{
    public Judgement Begin(Transition start) => Judgement.Permitted(this);

    public Judgement Judge(object state, Transition seen) => Judgement.Permitted(this);

    public object Retain(object state) => state;

    public void Describe(object state, Menu menu) => menu.Clear();
}
