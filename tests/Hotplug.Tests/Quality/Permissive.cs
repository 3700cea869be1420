using Hotplug.Contract.Rules;
using Hotplug.Model;

namespace Hotplug.Tests.Quality;

/// <summary>A specification that permits everything: what is refuted then is refuted by an invariant. It describes
/// nothing, so names come from the model.</summary>
internal sealed class Permissive : ISpecification
{
    private readonly ReferenceModel _model = new();

    public Judgement Begin(Transition start) => _model.Begin(start);

    public Judgement Judge(object state, Transition seen)
    {
        var judgement = _model.Judge(state, seen);
        return judgement.IsPermitted ? judgement : Judgement.Permitted(state);
    }

    public object Retain(object state) => _model.Retain(state);

    public void Describe(object state, Menu menu) => _model.Describe(state, menu);
}
