using System.Text;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;
using Hotplug.Engine.Schedules;

namespace Hotplug.Generators.Races;

/// <summary>
/// Races for one thing, as a text with choices: <c>{x|y}</c> stands for one of what it lists, a line that begins with
/// <c>?</c> may be left out. Of a choice that is not drawn the first is taken, and no line is left out.
/// </summary>
/// <param name="Name">A word.</param>
/// <param name="Covers">What is raced for, in a few words.</param>
/// <param name="Text">The text form of a race, with choices.</param>
public sealed record RaceFamily(string Name, string Covers, string Text)
{
    private const char Open = '{';
    private const char Close = '}';
    private const string Optional = "? ";

    /// <summary>The race of every first choice.</summary>
    public Race Plain { get; } = Read(Name, Text, new FirstChoices());

    /// <summary>The levels that it needs.</summary>
    public Levels Needs => Plain.Prefix.Concat(Plain.Cpus.SelectMany(static c => c))
        .Aggregate(Levels.Core, static (l, o) => l | OperationTable.Of(o.Kind).Level);

    /// <summary>A race of these.</summary>
    public Race Draw(ref SplitMix random)
    {
        var choices = new DrawnChoices(random.Next());
        return Read(Name, Text, choices);
    }

    private static Race Read(string name, string text, IChoices choices)
    {
        var chosen = new StringBuilder();
        foreach (var line in text.Split('\n'))
        {
            var rest = line;
            if (line.StartsWith(Optional, StringComparison.Ordinal))
            {
                if (!choices.Keeps())
                    continue;
                rest = line[Optional.Length..];
            }

            chosen.Append(Choose(rest, choices)).Append('\n');
        }

        return RaceText.TryParse(chosen.ToString(), out var race, out var error)
            ? race
            : throw new ArgumentException($"race {name}: {error} of\n{chosen}", nameof(text));
    }

    // The innermost choice first: choices may stand inside of others.
    private static string Choose(string line, IChoices choices)
    {
        while (line.IndexOf(Close) is >= 0 and var close)
        {
            var open = line.LastIndexOf(Open, close);
            var options = line[(open + 1)..close].Split('|');
            line = line[..open] + options[choices.Pick(options.Length)] + line[(close + 1)..];
        }

        return line;
    }

    private interface IChoices
    {
        bool Keeps();

        int Pick(int options);
    }

    private sealed class FirstChoices : IChoices
    {
        public bool Keeps() => true;

        public int Pick(int options) => 0;
    }

    private sealed class DrawnChoices(ulong seed) : IChoices
    {
        private SplitMix _random = new(seed);

        public bool Keeps() => _random.Chance(50);

        public int Pick(int options) => _random.Below(options);
    }
}
