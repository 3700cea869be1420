using System.Reflection;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Conventions;

/// <summary>Every operation has a row, a word and a factory.</summary>
public sealed class OperationTests
{
    public static TheoryData<OperationKind> Kinds() => [.. Enum.GetValues<OperationKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_operation_has_its_row_in_the_table(OperationKind kind)
    {
        Assert.Equal(kind, OperationTable.Of(kind).Kind);
        Assert.Same(OperationTable.Of(kind), OperationTable.Find(OperationTable.Of(kind).Word));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_operation_has_a_factory(OperationKind kind)
    {
        var name = kind is OperationKind.OnlineKernel or OperationKind.OnlineMovable ? nameof(OperationKind.Online) : kind.ToString();
        Assert.Contains(typeof(Operation).GetMethods(BindingFlags.Public | BindingFlags.Static),
            m => m.Name == name && m.ReturnType == typeof(Operation));
    }

    [Fact]
    public void Wire_words_are_unique() =>
        Assert.Equal(OperationTable.Forms.Length, OperationTable.Forms.Select(static f => f.Word).Distinct().Count());

    [Fact]
    public void Every_word_of_the_design_has_an_operation()
    {
        string[] words =
        [
            "add", "remove", "offline-remove", "eject", "online", "online_kernel", "online_movable", "offline", "alloc", "free", "get",
            "put", "inflate", "deflate", "balloon-target", "loan-target", "oom", "back", "plug", "unplug", "resize", "set-callback",
            "contig", "contig-free", "poison", "unpoison", "soft-offline", "hard-offline", "veto", "notifier-error", "pcp", "policy", "tick",
        ];
        Assert.Empty(words.Except(OperationTable.Forms.Select(static f => f.Word)));
    }
}
