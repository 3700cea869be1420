using System.Text.Json.Nodes;
using Hotplug.Adapters.Recording;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Adapters.Qemu;

/// <summary>How often a kind of operation was done, and how long it took.</summary>
/// <param name="Operation">Its word in a recording.</param>
/// <param name="Count">How often.</param>
/// <param name="MedianMs">Half of them took no longer, in milliseconds.</param>
/// <param name="NineTenthsMs">Nine of ten took no longer.</param>
public readonly record struct OperationTime(string Operation, int Count, double MedianMs, double NineTenthsMs);

/// <summary>
/// How long a live kernel's operations took, how many of its refusals to offline tell why, and what did not finish.
/// </summary>
public sealed class LiveFigures
{
    private readonly SortedDictionary<string, List<double>> _times = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _unfinished = new(StringComparer.Ordinal);
    private readonly Dictionary<MemoryNotification, Errno> _injected = [];

    /// <summary>Offlines that failed, or had to be interrupted, for a reason that lies in the block.</summary>
    public int FailedOfflines { get; private set; }

    /// <summary>Those of them whose cause was seen: a page that is in the way, or the error that a callback was told
    /// to give.</summary>
    public int NamedOfflines { get; private set; }

    /// <summary>What did not finish: the operation and why, with how often.</summary>
    public IReadOnlyDictionary<string, int> Unfinished => _unfinished;

    /// <summary>Every kind of operation.</summary>
    public IEnumerable<OperationTime> Times => _times.Select(static t =>
        new OperationTime(t.Key, t.Value.Count, At(t.Value, 0.5), At(t.Value, 0.9)));

    /// <summary>Takes what another machine did.</summary>
    public void Merge(LiveFigures other)
    {
        foreach (var (word, times) in other._times)
            TimesOf(word).AddRange(times);
        foreach (var (told, count) in other._unfinished)
            _unfinished[told] = _unfinished.GetValueOrDefault(told) + count;
        FailedOfflines += other.FailedOfflines;
        NamedOfflines += other.NamedOfflines;
    }

    /// <summary>A fresh guest: nothing is injected.</summary>
    internal void BeginRun() => _injected.Clear();

    /// <summary>Takes an operation in.</summary>
    /// <param name="line">Its line of the recording.</param>
    /// <param name="step">The same, as it is read.</param>
    internal void Add(JsonObject line, RecordedStep step)
    {
        var (op, res) = (line["op"]!.AsObject(), line["res"]!.AsObject());
        var word = op["op"]!.GetValue<string>();
        if (word == "state")
            word = op["val"]!.GetValue<string>() is { Length: > 0 } value ? value : "empty write";
        if (res["ms"]?.GetValue<double>() is { } took)
            TimesOf(word).Add(took);

        var blamed = step.Outcome.Witness.Any(static w => w.Role == WitnessRole.Culprit)
            ? "; the kernel names pages that do not move" : "";
        foreach (var why in res["why"]?.AsArray() ?? [])
        {
            var told = $"{word}: {why!.GetValue<string>()}{blamed}";
            _unfinished[told] = _unfinished.GetValueOrDefault(told) + 1;
        }

        AddRefusal(step);
    }

    // EINVAL and ENOENT are about the request, not about what is in the block.
    private void AddRefusal(RecordedStep step)
    {
        var operation = step.Operation;
        if (operation.Kind == OperationKind.NotifierError && step.Outcome.Answer.IsOk)
            _injected[(MemoryNotification)operation.Choice] = operation.Errno;
        var answer = step.Outcome.Answer;
        if (operation.Kind != OperationKind.Offline || answer.IsOk
            || answer == Answer.Of(Errno.EINVAL) || answer == Answer.Of(Errno.ENOENT))
            return;
        FailedOfflines++;
        var error = _injected.GetValueOrDefault(MemoryNotification.GoingOffline);
        if ((error != Errno.None && answer == Answer.Of(error))
            || step.Outcome.Witness.Any(static w => w.Role == WitnessRole.Culprit))
            NamedOfflines++;
    }

    private List<double> TimesOf(string word)
    {
        if (!_times.TryGetValue(word, out var times))
            _times[word] = times = [];
        return times;
    }

    private static double At(List<double> times, double share)
    {
        times.Sort();
        return times[Math.Min(times.Count - 1, (int)(times.Count * share))];
    }
}
