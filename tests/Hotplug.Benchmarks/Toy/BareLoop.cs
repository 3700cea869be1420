using Hotplug.Contract;

namespace Hotplug.Benchmarks.Toy;

/// <summary>The toy without any engine: what the work itself costs.</summary>
internal sealed class BareLoop(ToyFault fault)
{
    private readonly ToyMemory _memory = new(fault);
    private readonly FlatModel _flat = new();
    private readonly DictionaryModel _dictionary = new();
    private int _sink;

    /// <summary>Draws the steps of a sequence.</summary>
    internal int Generate(ulong seed)
    {
        var random = new SplitMix(seed);
        var length = random.Between(1, ToyStep.MostSteps);
        for (var i = 0; i < length; i++)
            _sink ^= ToyStep.Draw(ref random).Argument;
        return length;
    }

    /// <summary>Draws and executes.</summary>
    internal int Execute(ulong seed)
    {
        var random = new SplitMix(seed);
        var length = random.Between(1, ToyStep.MostSteps);
        _memory.Reset();
        for (var i = 0; i < length; i++)
            _sink ^= _memory.Do(ToyStep.Draw(ref random));
        return length;
    }

    /// <summary>Draws, executes and judges by the flat model.</summary>
    internal int Judge(ulong seed)
    {
        var random = new SplitMix(seed);
        var length = random.Between(1, ToyStep.MostSteps);
        _memory.Reset();
        _flat.Reset();
        for (var i = 0; i < length; i++)
            if (!FlatStep(ToyStep.Draw(ref random)))
                throw new InvalidOperationException($"the toy is wrong at step {i} of sequence {seed}");
        return length;
    }

    /// <summary>True if the sequence conforms, by the flat model: the flat body.</summary>
    internal bool FlatBody(ToyStep[] steps)
    {
        _memory.Reset();
        _flat.Reset();
        foreach (var step in steps)
            if (!FlatStep(step))
                return false;
        return true;
    }

    /// <summary>True if the sequence conforms, by the dictionary: the dictionary body.</summary>
    internal bool DictionaryBody(ToyStep[] steps)
    {
        _memory.Reset();
        _dictionary.Reset();
        foreach (var step in steps)
            if (_memory.Do(step) != _dictionary.Do(step) || !ToyComparison.Same(_memory, _dictionary))
                return false;
        return true;
    }

    private bool FlatStep(ToyStep step) => _memory.Do(step) == _flat.Do(step) && ToyComparison.Same(_memory, _flat);
}
