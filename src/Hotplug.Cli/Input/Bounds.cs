using System.CommandLine.Parsing;

namespace Hotplug.Cli.Input;

/// <summary>What the parser itself lets pass.</summary>
internal static class Bounds
{
    /// <summary>Refuses a number below <paramref name="low"/>; what is no number is refused by the parser
    /// itself.</summary>
    internal static void Check(OptionResult result, int low)
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number < low)
            result.AddError($"{result.Option.Name} {number}: allowed is {low} and more.");
    }

    /// <summary>Refuses words that look like options: the parser takes an unknown option for an argument.</summary>
    internal static void RefuseOptions(ArgumentResult result)
    {
        foreach (var token in result.Tokens)
            if (token.Value.StartsWith("--", StringComparison.Ordinal))
                result.AddError($"unknown option '{token.Value}'");
    }
}
