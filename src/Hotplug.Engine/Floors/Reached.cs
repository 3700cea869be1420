using System.Collections.Immutable;
using System.Numerics;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Run;

namespace Hotplug.Engine.Floors;

/// <summary>Counts what runs reached: states met by operations, forms of arguments, facts. Answers are counted by the
/// runner. Allocates nothing per operation.</summary>
/// <param name="facts">Facts to look out for.</param>
/// <param name="levels">Levels of the machine: facts that need others are left out.</param>
public sealed class Reached(ImmutableArray<Sometimes> facts, Levels levels) : IWatcher
{
    private static readonly int s_states = Enum.GetValues<SubjectState>().Length;

    private readonly Sometimes[] _facts = [.. facts.Where(f => levels.HasFlag(f.Level))];
    private readonly long[] _happened = new long[facts.Length];
    private readonly long[] _met = new long[OperationTable.Forms.Length * s_states];
    private readonly long[] _forms = new long[ArgumentForms.Count];
    private readonly SubjectStates _states = new();
    private readonly int[][] _about = About([.. facts.Where(f => levels.HasFlag(f.Level))]);

    /// <summary>What was reached, and what of the facts was not.</summary>
    public IEnumerable<Reach> All => States().Concat(Arguments()).Concat(Facts());

    /// <inheritdoc/>
    public void Begin(MachineSpec spec) => _states.Begin();

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        var row = (int)seen.Operation.Kind * s_states;
        for (var bits = _states.Of(seen); bits != 0; bits &= bits - 1)
            _met[row + BitOperations.TrailingZeroCount(bits)]++;
        _states.Follow(seen);
        ArgumentForms.Add(_forms, seen.Operation);
        var (steps, happened) = (seen.StepsTaken, seen.Happened);
        foreach (var i in _about[(int)seen.Operation.Kind])
            if (_facts[i].When.Arises(steps, happened) && _facts[i].Happens(seen))
                _happened[i]++;
    }

    private static int[][] About(Sometimes[] facts) =>
    [
        .. OperationTable.Forms.Select(form => Enumerable.Range(0, facts.Length)
            .Where(i => facts[i].When.Names(form.Kind, isStart: false)).ToArray()),
    ];

    private IEnumerable<Reach> States()
    {
        for (var i = 0; i < _met.Length; i++)
            if (_met[i] > 0)
                yield return new Reach(FloorKind.State,
                    $"{Words.Of((SubjectState)(i % s_states))} {OperationTable.Forms[i / s_states].Word}", _met[i]);
    }

    private IEnumerable<Reach> Arguments()
    {
        for (var i = 0; i < _forms.Length; i++)
            if (_forms[i] > 0)
                yield return new Reach(FloorKind.Argument, ArgumentForms.WordOf(i), _forms[i]);
    }

    private IEnumerable<Reach> Facts()
    {
        for (var i = 0; i < _facts.Length; i++)
            yield return new Reach(FloorKind.Sometimes, _facts[i].Id, _happened[i]);
    }
}
