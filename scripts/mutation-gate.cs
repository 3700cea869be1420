#!/usr/bin/env dotnet
#:property PublishAot=false

// Mutates a seeded sample of Engine, Model, Invariants and Bitmap with Stryker.NET, and is red where too many mutants survive:
//
//   dotnet run scripts/mutation-gate.cs                          all four
//   dotnet run scripts/mutation-gate.cs -- model --lines 100     one of them, about so many lines of it
//   dotnet run scripts/mutation-gate.cs -- model --again         what survived last time, or was edited since; the rest stands
//
// Counted as killed is what a test fails for; time-outs are told apart and count as survivors. scripts/mutation-equivalents.txt
// lists mutants that change nothing, with the reason. Not a part of 'dotnet test': each takes half an hour to an hour.

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

var root = Root();
var lines = Number("--lines", 300);
var seed = Number("--seed", 1);
var workers = Number("--workers", 2);
var again = args.Contains("--again");
var asked = args.TakeWhile(static a => !a.StartsWith('-')).ToArray();
var equivalents = File.ReadLines(Path.Combine(root, "scripts/mutation-equivalents.txt"))
    .Where(static l => l.Length > 0 && l[0] != '#').Select(static l => l.Split(" ¦ ")).ToArray();
Subject[] subjects =
[
    new("model", "src/Hotplug.Model", "properties/Hotplug.Properties", "FullyQualifiedName~Model", 90, "Histories"),
    new("bitmap", "src/Hotplug.Bitmap", "properties/Hotplug.Properties",
        "FullyQualifiedName~SequenceProperties|FullyQualifiedName~RaceProperties", 90, "Races", "Faults"),
    new("engine", "src/Hotplug.Engine", "tests/Hotplug.Tests",
        "(FullyQualifiedName~Hotplug.Tests.Engine|FullyQualifiedName~Hotplug.Tests.Floors|FullyQualifiedName~Hotplug.Tests.Expl"
        + "|FullyQualifiedName~Hotplug.Tests.Schedules|FullyQualifiedName~RaceFaultTests|FullyQualifiedName~FaultEnumerationTests"
        + "|FullyQualifiedName~Hotplug.Tests.Quality.RestTests)"
        + Except("RemovedChoice", "The_bounds_hold", "in_sequences_of_the_gate", "60_000", "40_000", "Most_seeded_faults_show",
            "in_ten_thousand_schedules", "A_naive_enumeration"), 85),
    new("invariants", "properties/Hotplug.Invariants", "tests/Hotplug.Tests",
        "(FullyQualifiedName~Hotplug.Tests.Invariants|FullyQualifiedName~OccasionTests|FullyQualifiedName~Asked_alone"
        + "|FullyQualifiedName~Every_bundled_recording_conforms|FullyQualifiedName~Hotplug.Tests.Floors.Fact"
        + "|FullyQualifiedName~A_fact_is_counted)", 85),
];
if (asked.Except(subjects.Select(static s => s.Name)).ToArray() is [var unknown, ..])
    return Fail($"'{unknown}': allowed is {string.Join(", ", subjects.Select(static s => s.Name))}");
if (Run(root, "tool", "restore") != 0)
    return Fail("'dotnet tool restore' failed, see above");

string[] reporters = ["json", "dots"];
string[] ignored = ["string"];   // What a refutation is called is tested, not what it says word by word.
string[] compiledOut = ["Debug.Assert"];   // Of a release build.
var red = false;
foreach (var subject in subjects.Where(s => asked.Length == 0 || asked.Contains(s.Name)))
{
    var output = Path.Combine(root, "out/mutation", subject.Name);
    Directory.CreateDirectory(output);
    var config = Path.Combine(output, "stryker-config.json");
    var lastPath = Path.Combine(output, "last.json");
    if (again && !File.Exists(lastPath))
        return Fail($"--again: {subject.Name} was not run here yet; run it without --again first");
    var sample = Sample(subject);
    var last = again ? JsonSerializer.Deserialize(File.ReadAllText(lastPath), LastJson.Default.LastRun)! : new([], []);
    var places = again ? PlacesAgain(sample, last) : [.. sample.Select(static p => p.Place)];
    if (places.Count > 0)
    {
        File.WriteAllText(config, Config(subject, places));
        if (Run(Path.Combine(root, subject.Tests), "dotnet-stryker", "-f", Path.GetRelativePath(Path.Combine(root, subject.Tests), config),
            "-O", output) != 0)
            return Fail($"Stryker failed on {subject.Name}, see above");
        last = Merge(sample, last, Read(subject, sample, Path.Combine(output, "reports/mutation-report.json")));
        File.WriteAllText(lastPath, JsonSerializer.Serialize(last, LastJson.Default.LastRun));
    }

    red |= !Report(subject, last.Mutants);
}

return red ? 1 : 0;

// Tests that take long and kill nothing that the others do not.
static string Except(params string[] tests) => string.Concat(tests.Select(static t => $"&FullyQualifiedName!~{t}"));

// What is left of the last run, and paragraphs that were not in it: new ones, or edited ever since.
List<string> PlacesAgain(List<Paragraph> sample, LastRun last)
{
    var known = last.Paragraphs.ToHashSet();
    var byRank = sample.ToDictionary(static p => p.Rank);
    return [.. sample.Where(p => !known.Contains(p.Rank)).Select(static p => p.Place),
        .. last.Mutants.Where(m => IsLeft(m) && byRank.ContainsKey(m.Paragraph))
            .Select(m => byRank[m.Paragraph].PlaceOf(m.Start, m.End)).Distinct()];
}

string Config(Subject subject, List<string> places) => JsonSerializer.Serialize(new Dictionary<string, object>
{
    ["stryker-config"] = new Dictionary<string, object>
    {
        ["project"] = Path.GetFileName(subject.Source) + ".csproj",
        ["test-projects"] = new[] { Path.GetFileName(subject.Tests) + ".csproj" },
        ["test-case-filter"] = subject.Filter,
        ["configuration"] = "Release",
        ["concurrency"] = workers,
        ["additional-timeout"] = 60_000,   // A machine that others use too is slow now and then.
        ["coverage-analysis"] = "off",
        ["reporters"] = reporters,
        ["ignore-mutations"] = ignored,
        ["ignore-methods"] = compiledOut,
        ["mutate"] = places,
    },
});

// Paragraphs of the source, in an order that the seed and what they say decide, until they have so many lines: what is edited
// elsewhere draws no other ones. But for those that begin by saying that they are what a seeded fault does: no faithful
// machine comes there.
List<Paragraph> Sample(Subject subject)
{
    var folder = Path.Combine(root, subject.Source);
    var paragraphs = Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(folder, file))
        .Where(file => file.Split(Path.DirectorySeparatorChar)[0] is var top && top != "obj" && top != "bin" && !subject.Without.Contains(top))
        .SelectMany(file => Paragraphs(file, File.ReadAllText(Path.Combine(folder, file))))
        .OrderBy(static paragraph => paragraph.Rank, StringComparer.Ordinal);
    var left = lines;
    return [.. paragraphs.TakeWhile(paragraph => (left -= paragraph.Lines) > -paragraph.Lines)];
}

IEnumerable<Paragraph> Paragraphs(string file, string text)
{
    string[] faults = ["// The seeded fault", "/// <summary>The seeded fault", "/// <summary>For a seeded fault"];
    for (var start = 0; start < text.Length;)
    {
        var end = text.IndexOf("\n\n", start, StringComparison.Ordinal) is >= 0 and var found ? found : text.Length;
        var code = text[start..end].Split('\n').Count(static l => l.Trim() is not ("" or "{" or "}") && !l.TrimStart().StartsWith("//", StringComparison.Ordinal)
            && !l.StartsWith("using", StringComparison.Ordinal) && !l.StartsWith("namespace", StringComparison.Ordinal));
        if (code > 0 && !faults.Any(text[start..end].TrimStart().StartsWith))
            yield return new(Rank($"{seed} {file} {text[start..end]}"), file, start, end, code);
        start = end + 2;
    }
}

static string Rank(string of) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(of)));

// What was tried now takes the place of what was found of it before; what is no longer in the sample goes.
LastRun Merge(List<Paragraph> sample, LastRun last, List<Mutant> now)
{
    var ranks = sample.Select(static p => p.Rank).ToList();
    var latest = now.Select(static m => m.Key).ToHashSet();
    return new(ranks, [.. last.Mutants.Where(m => ranks.Contains(m.Paragraph) && !IsLeft(m) && !latest.Contains(m.Key)), .. now]);
}

List<Mutant> Read(Subject subject, List<Paragraph> sample, string path)
{
    using var report = JsonDocument.Parse(File.ReadAllText(path));
    var found = new List<Mutant>();
    foreach (var file in report.RootElement.GetProperty("files").EnumerateObject())
        foreach (var mutant in file.Value.GetProperty("mutants").EnumerateArray())
        {
            var status = mutant.GetProperty("status").GetString()!;
            if (status is "Ignored" or "CompileError")
                continue;
            var name = Path.GetRelativePath(Path.Combine(root, subject.Source), file.Name);
            var (start, end) = (Offset(file.Value, mutant, "start"), Offset(file.Value, mutant, "end"));
            var paragraph = sample.Single(p => p.File == name && p.Start <= start && end <= p.End);
            found.Add(new Mutant(paragraph.Rank, start - paragraph.Start, end - paragraph.Start, name,
                mutant.GetProperty("location").GetProperty("start").GetProperty("line").GetInt32(),
                Line(file.Value, mutant),
                string.Join(' ', mutant.GetProperty("replacement").GetString()!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
                status));
        }

    return found;
}

static string Line(JsonElement file, JsonElement mutant) => file.GetProperty("source").GetString()!
    .Split('\n')[mutant.GetProperty("location").GetProperty("start").GetProperty("line").GetInt32() - 1].Trim();

static int Offset(JsonElement file, JsonElement mutant, string end)
{
    var place = mutant.GetProperty("location").GetProperty(end);
    return file.GetProperty("source").GetString()!.Split('\n').Take(place.GetProperty("line").GetInt32() - 1).Sum(static l => l.Length + 1)
        + place.GetProperty("column").GetInt32() - 1;
}

bool IsEquivalent(Mutant mutant) => equivalents.Any(e => e.Length == 4 && Path.GetFileName(mutant.File) == e[0]
    && mutant.Original == e[1] && mutant.Replacement == e[2]);

bool IsLeft(Mutant mutant) => mutant.Status == "Timeout" || (mutant.Status is "Survived" or "NoCoverage" && !IsEquivalent(mutant));

bool Report(Subject subject, List<Mutant> mutants)
{
    var killed = mutants.Count(static m => m.Status == "Killed");
    var timedOut = mutants.Count(static m => m.Status == "Timeout");
    var left = mutants.Where(IsLeft).ToList();
    var score = 100.0 * killed / Math.Max(1, killed + left.Count);
    Console.WriteLine();
    foreach (var mutant in left)
        Console.WriteLine($"  {mutant.Status,-10} {Path.GetFileName(mutant.File)}:{mutant.Line} ¦ {mutant.Original} ¦ {mutant.Replacement}");
    Console.WriteLine($"{subject.Name,-12} {score:0.0} % killed by assertion, {subject.Floor} % are asked for: "
        + $"{killed} of {killed + left.Count}, {timedOut} timed out, {mutants.Count - killed - left.Count} equivalent");
    return score >= subject.Floor;
}

static int Run(string folder, params string[] arguments)
{
    var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder };
    foreach (var argument in arguments)
        start.ArgumentList.Add(argument);
    start.Environment["DOTNET_GCHeapHardLimit"] = "0x60000000";   // A mutant that takes memory for ever fails, and nobody else does.
    start.Environment["DOTNET_TieredPGO"] = "0";   // Each mutant's process is too short for what it would gain.
    using var process = Process.Start(start)!;
    process.WaitForExit();
    return process.ExitCode;
}

int Number(string option, int byDefault) =>
    Array.IndexOf(args, option) is >= 0 and var at && at + 1 < args.Length ? int.Parse(args[at + 1]) : byDefault;

static int Fail(string message)
{
    Console.Error.WriteLine($"error: {message}");
    return 2;
}

static string Root()
{
    var folder = Directory.GetCurrentDirectory();
    while (!File.Exists(Path.Combine(folder, "ConformanceSuite.sln")))
        folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("run this in a clone of the repository");
    return folder;
}

// Without: folders that only schedules of overlapping operations reach, and tables of words.
internal sealed record Subject(string Name, string Source, string Tests, string Filter, int Floor, params string[] Without);

// Characters [Start, End) of a file, up to the next empty line; its rank is its place in the order of the sample.
internal sealed record Paragraph(string Rank, string File, int Start, int End, int Lines)
{
    public string Place => PlaceOf(0, End - Start);

    public string PlaceOf(int start, int end) => $"**/{File}{{{Start + start}..{Start + end}}}";
}

// A mutant at [Start, End) of a paragraph.
internal sealed record Mutant(
    string Paragraph, int Start, int End, string File, int Line, string Original, string Replacement, string Status)
{
    [JsonIgnore]
    public (string, int, int, string) Key => (Paragraph, Start, End, Replacement);
}

// The paragraphs that were in the sample, and what became of their mutants.
internal sealed record LastRun(List<string> Paragraphs, List<Mutant> Mutants);

[JsonSerializable(typeof(LastRun))]
internal sealed partial class LastJson : JsonSerializerContext;
