using Xunit;

namespace Hotplug.Tests.Conventions;

/// <summary>The house style, as far as a machine can read it.</summary>
public sealed class SourceTests
{
    private const int MostLines = 400;

    [Fact]
    public void No_file_is_longer_than_the_limit() =>
        AssertNone(static path => File.ReadLines(path).Count() is > MostLines and var lines ? $"{lines} lines, limit {MostLines}" : null);

    [Fact]
    public void The_namespace_is_the_folder() => AssertNone(static path =>
    {
        var parts = Repository.Relative(path).Split('/');
        var project = parts[1] == "Hotplug.Cli" ? "Hotplug.Cli" : parts[1];
        var expected = $"namespace {string.Join('.', [project, .. parts[2..^1]])};";
        var declared = File.ReadLines(path).FirstOrDefault(static l => l.StartsWith("namespace ", StringComparison.Ordinal));
        return declared is null || declared == expected ? null : $"declares '{declared}', its folder says '{expected}'";
    });

    [Theory]
    [InlineData("#region", "a file that needs regions is two files")]
    [InlineData("#pragma", "a rule goes off in .editorconfig, with a reason")]
    [InlineData("NotImplementedException", "nothing is stubbed")]
    [InlineData(" partial class", "compose instead")]
    public void Banned_words_do_not_appear(string banned, string because) => AssertNone(path =>
        Path.GetFileName(path) != "SourceTests.cs" && File.ReadAllText(path).Contains(banned, StringComparison.Ordinal)
            ? $"'{banned}': {because}"
            : null);

    [Fact]
    public void No_test_is_skipped() => AssertNone(static path =>
        Path.GetFileName(path) != "SourceTests.cs" && !Repository.Relative(path).Contains("FsCheck", StringComparison.Ordinal)
        && File.ReadAllText(path).Contains("Skip = \"", StringComparison.Ordinal) ? "a skipped test" : null);

    private static void AssertNone(Func<string, string?> fault)
    {
        var faults = Repository.SourceFiles().Select(path => (Path: Repository.Relative(path), Fault: fault(path)))
            .Where(static f => f.Fault is not null).Select(static f => $"{f.Path}: {f.Fault}").ToList();
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }
}
