using System.CommandLine;
using Hotplug.Adapters.Recording;
using Hotplug.Cli.Input;
using Hotplug.Cli.Reports;
using Hotplug.Cli.Terminal;

namespace Hotplug.Cli.Commands;

/// <summary><c>hotplug check</c>: judges recordings of real kernels.</summary>
internal sealed class CheckCommand
{
    private readonly Surroundings _surroundings;
    private readonly Argument<string[]> _paths = new("recording")
    {
        Description = "Recordings (.jsonl, .jsonl.gz) or folders of them.",
        Arity = ArgumentArity.OneOrMore,
    };

    private CheckCommand(Surroundings surroundings) => _surroundings = surroundings;

    internal static Command Create(Surroundings surroundings)
    {
        var check = new CheckCommand(surroundings);
        check._paths.Validators.Add(Bounds.RefuseOptions);
        var command = new Command("check",
            "Judge recordings of real kernels: the model and every invariant that applies.") { check._paths };
        command.SetAction((parsed, stop) => Task.Run(() => (int)check.Execute(parsed, stop), CancellationToken.None));
        return command;
    }

    private ExitCode Execute(ParseResult parsed, CancellationToken stop)
    {
        var files = parsed.GetValue(_paths)!.SelectMany(FilesOf).ToArray();
        var started = _surroundings.Clock.GetTimestamp();
        var printer = Printer.Output(_surroundings);
        var judged = ProgressLine.During(_surroundings, "check", progress => Judge(files, progress, printer, stop));
        // Of input that cannot be read at all there is nothing more to say than that line.
        if (judged.Count == 0 || judged.Exists(static j => j.Recording is not null))
            CheckText.PrintTotals(printer, judged, files.Length, _surroundings.Clock.GetElapsedTime(started));
        return CheckText.ExitCodeOf(judged, files.Length);
    }

    private IEnumerable<string> FilesOf(string path)
    {
        if (File.Exists(_surroundings.Resolve(path)))
            return [path];
        if (!Directory.Exists(_surroundings.Resolve(path)))
            throw new UsageException($"{path}: no such file or folder; name a recording, or a folder of them");
        var found = Readable.Open(path, () =>
            Directory.GetFiles(_surroundings.Resolve(path), "*", SearchOption.AllDirectories));
        var recordings = found.Where(RecordingFile.IsRecording).Order(StringComparer.Ordinal)
            .Select(f => _surroundings.Shorten(f)).ToArray();
        return recordings.Length > 0
            ? recordings
            : throw new UsageException(
                $"{path}: no recording in this folder; a recording's name ends in .jsonl or .jsonl.gz");
    }

    // Recordings are judged side by side and told in their order: what is printed does not depend on the threads.
    private List<CheckedRecording> Judge(string[] files, ProgressLine progress, Printer printer, CancellationToken stop)
    {
        var done = 0;
        var judged = new List<CheckedRecording>();
        foreach (var one in files.AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered)
            .WithDegreeOfParallelism(_surroundings.Processors)
            .Select(file =>
            {
                if (stop.IsCancellationRequested)
                    return null;
                var recording = CheckedRecording.Judge(_surroundings, file);
                var count = Interlocked.Increment(ref done);
                progress.Tell(count / (double)files.Length, $"{count} of {files.Length} recordings");
                return recording;
            }))
        {
            if (one is null)
                break;
            CheckText.PrintOne(printer, _surroundings, one);
            judged.Add(one);
        }

        return judged;
    }
}
