using Hotplug.Benchmarks;
using Hotplug.Benchmarks.Finding;
using Hotplug.Benchmarks.Machine;
using Hotplug.Benchmarks.Toy;
using Hotplug.Benchmarks.Whole;
using Hotplug.Benchmarks.Wire;

// New sections are added here, one file each.
ISection[] sections =
    [new ToySection(), new SuiteSection(), new MachineSection(), new WireSection(), new FindingSection()];

if (args is [WireSection.ServeWord])
{
    WireSection.Serve();
    return 0;
}

var unknown = args.FirstOrDefault(word => !sections.Any(s => s.Word == word));
if (unknown is not null)
{
    var known = string.Join(", ", sections.Select(static s => s.Word));
    Console.Error.WriteLine($"unknown section '{unknown}'; known: {known}");
    return 2;
}

foreach (var section in sections.Where(s => args.Length == 0 || args.Contains(s.Word)))
{
    Console.WriteLine($"{section.Word}: {section.About}");
    section.Run(Console.Out);
    Console.WriteLine();
}

return 0;
