using System.CommandLine.Parsing;

namespace Hotplug.Cli.Input;

/// <summary>Bounds of numbers on the command line.</summary>
internal static class Bounds
{
    /// <summary>Refuses a number below <paramref name="low"/>; what is no number is refused by the parser itself.</summary>
    internal static void Check(OptionResult result, int low)
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number < low)
            result.AddError($"{result.Option.Name} {number}: allowed is {low} and more.");
    }
}
