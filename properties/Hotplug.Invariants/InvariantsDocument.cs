using System.Text;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>Prints docs/INVARIANTS.md, so that the document says what the code judges.</summary>
public static class InvariantsDocument
{
    /// <summary>The whole document, in Markdown, with a line feed at the end of each line.</summary>
    public static string Print()
    {
        var text = new StringBuilder();
        Line(text, "# Invariants");
        Line(text);
        Line(text, $"Generated from `properties/Hotplug.Invariants`: {Catalogue.All.Length} rules over what a machine");
        Line(text, "shows before and after one operation. They are judged in this order, within and across families;");
        Line(text, "the first one that is broken names the failure. A machine is judged by a rule if it implements the");
        Line(text, "rule's levels and shows what the rule needs. Of devices and balloons in flight, what may lag is not");
        Line(text, "asserted.");
        foreach (var family in Catalogue.All.GroupBy(static i => i.Family))
            PrintFamily(text, family);
        PrintNumbers(text);
        return text.ToString();
    }

    private static void PrintFamily(StringBuilder text, IGrouping<Family, Invariant> family)
    {
        Line(text);
        Line(text, $"## {Words.Of(family.Key)}");
        foreach (var invariant in family)
        {
            var numbers = CatalogueNumbers.All.Where(e => e.JudgedBy.Contains(invariant)).Select(static e =>
                e.ToString()).ToList();
            Line(text);
            Line(text, $"### `{invariant.Id}`");
            Line(text);
            Line(text, invariant.Statement);
            Line(text);
            Line(text, $"- Catches: {invariant.Catches}");
            Line(text, $"- Source: {invariant.Source}");
            Line(text, $"- Levels: {LevelsText.Print(invariant.Level)}; shown: {Print(invariant.Needs)}");
            Line(text, $"- Catalogue: {(numbers.Count == 0 ? "added here" : string.Join(", ", numbers))}");
        }
    }

    private static string Print(Visibility needs) => needs == Visibility.None ? "nothing" : string.Join(", ",
        Enum.GetValues<Visibility>().Where(v => v is not (Visibility.None or Visibility.All)
            && needs.HasFlag(v)).Select(Words.Of));

    private static void PrintNumbers(StringBuilder text)
    {
        Line(text);
        Line(text, "## The catalogue that the rules started from");
        Line(text);
        Line(text, "| Rule | About | Judged by | Not judged by invariants |");
        Line(text, "|---|---|---|---|");
        foreach (var entry in CatalogueNumbers.All)
        {
            var judges = string.Join(", ", entry.JudgedBy.Select(static i => $"`{i.Id}`"));
            Line(text, $"| {entry} | {entry.Subject} | {judges} | {entry.WhyNot} |");
        }
    }

    private static void Line(StringBuilder text, string line = "") => text.Append(line).Append('\n');
}
