using System.Text;
using System.Text.Json;
using Hotplug.Adapters.Recording;
using Hotplug.Cli.Terminal;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;

namespace Hotplug.Cli.Reports;

/// <summary>How long a live kernel's operations took, and how many of its refusals to offline tell why.</summary>
internal sealed class LiveFigures
{
    private readonly SortedDictionary<string, List<double>> _times = new(StringComparer.Ordinal);
    private readonly Dictionary<MemoryNotification, Errno> _injected = [];
    private int _refused;
    private int _named;

    /// <summary>Takes a recording in.</summary>
    internal void Add(string name, string recording)
    {
        foreach (var line in recording.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            AddTime(line);
        _injected.Clear();
        foreach (var step in RecordingFile.Read(name, new MemoryStream(Encoding.UTF8.GetBytes(recording))).Steps)
            AddRefusal(step);
    }

    /// <summary>Prints the median of every kind of operation, and what nine of ten stay below.</summary>
    internal void Print(Printer printer)
    {
        printer.Table(["operation", "count", "median ms", "90 % ms"],
        [
            .. _times.Select(static t => new[]
            {
                t.Key, t.Value.Count.ToString(), $"{At(t.Value, 0.5):0.0}", $"{At(t.Value, 0.9):0.0}",
            }),
        ]);
        if (_refused > 0)
            printer.Line($"  failed offlines: {_refused}, with their cause named: {_named} ({100.0 * _named / _refused:0.0} %)");
    }

    private void AddTime(string line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        if (!root.TryGetProperty("res", out var res) || !res.TryGetProperty("ms", out var took))
            return;
        var op = root.GetProperty("op");
        var word = op.GetProperty("op").GetString()!;
        if (word == "state")
            word = op.GetProperty("val").GetString() is { Length: > 0 } value ? value : "empty write";
        if (!_times.TryGetValue(word, out var times))
            _times[word] = times = [];
        times.Add(took.GetDouble());
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
        _refused++;
        if (_injected.GetValueOrDefault(MemoryNotification.GoingOffline) is var error and not Errno.None
            && answer == Answer.Of(error))
            _named++;
        else if (step.Outcome.Witness.Any(static w => w.Role == WitnessRole.Culprit))
            _named++;
    }

    private static double At(List<double> times, double share)
    {
        times.Sort();
        return times[Math.Min(times.Count - 1, (int)(times.Count * share))];
    }
}
