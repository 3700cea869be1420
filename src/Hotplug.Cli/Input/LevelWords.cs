using Hotplug.Contract.Machines;

namespace Hotplug.Cli.Input;

/// <summary>Levels as the caller names them: words, separated by blanks or commas.</summary>
internal static class LevelWords
{
    /// <summary>The set; <see cref="Levels.Core"/> is always in it, since every operation needs it.</summary>
    internal static Levels Parse(IReadOnlyList<string> words)
    {
        var levels = Levels.Core;
        foreach (var word in words.SelectMany(static w => w.Split(',', StringSplitOptions.RemoveEmptyEntries)))
            levels |= LevelsText.TryParse(word, out var level)
                ? level
                : throw new UsageException(
                    $"--levels {word}: known: {string.Join(", ", LevelsText.All.Select(static l => l.Word))}");
        return levels;
    }
}
