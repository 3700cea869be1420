using Spectre.Console;

namespace Hotplug.Cli.Terminal;

/// <summary>
/// Tells how far long work has come: a bar on a terminal, a line every few seconds elsewhere. It goes where errors go,
/// so that results stay clean.
/// </summary>
internal sealed class ProgressLine
{
    private static readonly TimeSpan s_betweenLines = TimeSpan.FromSeconds(5);

    private readonly Surroundings _surroundings;
    private readonly ProgressTask? _bar;
    private readonly Lock _lock = new();
    private long _told;

    private ProgressLine(Surroundings surroundings, ProgressTask? bar)
    {
        _surroundings = surroundings;
        _bar = bar;
        _told = surroundings.Clock.GetTimestamp();
    }

    /// <summary>Does the work; it tells through the line that it is given.</summary>
    internal static T During<T>(Surroundings surroundings, string title, Func<ProgressLine, T> work)
    {
        if (surroundings.PlainError)
            return work(new ProgressLine(surroundings, null));
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(surroundings.Error) });
        return console.Progress().AutoClear(true)
            .Start(context => work(new ProgressLine(surroundings, context.AddTask(Markup.Escape(title)))));
    }

    /// <summary>So much of it is done, 0 to 1; <paramref name="text"/> says it in words.</summary>
    internal void Tell(double done, string text)
    {
        lock (_lock)
        {
            if (_bar is not null)
            {
                _bar.Value = Math.Clamp(done, 0, 1) * _bar.MaxValue;
                _bar.Description = Markup.Escape(text);
            }
            else if (_surroundings.Clock.GetElapsedTime(_told) >= s_betweenLines)
            {
                _told = _surroundings.Clock.GetTimestamp();
                _surroundings.Error.WriteLine(text);
            }
        }
    }
}
