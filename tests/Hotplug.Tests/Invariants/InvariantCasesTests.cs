using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using Xunit;

namespace Hotplug.Tests.Invariants;

public sealed class InvariantCasesTests
{
    private static readonly InvariantCase[] s_all =
    [
        .. BlockCases.All, .. ZoneCases.All, .. ConservationCases.All, .. ReferenceCases.All, .. PageOfflineCases.All,
        .. VmemmapCases.All, .. AccountingCases.All, .. NotifierCases.All, .. RollbackCases.All, .. BalloonCases.All,
        .. LoanCases.All, .. DeviceMemoryCases.All, .. CallbackCases.All, .. BackingCases.All, .. MemmapGroupCases.All,
        .. PcplistCases.All, .. PoisonCases.All, .. ContigCases.All, .. ComplaintCases.All,
    ];

    public static TheoryData<string, string> Refused => Names(breaks: true);

    public static TheoryData<string, string> Kept => Names(breaks: false);

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_transition_that_breaks_an_invariant_is_refused_by_it(string id, string name)
    {
        var found = Find(id, name, breaks: true);
        var violation = found.Rule.Check(found.Scene.Seen());
        Assert.True(found.Rule.AppliesTo(found.Scene.Machine));
        Assert.NotNull(violation);
        Assert.Equal(id, violation.Rule);
        Assert.Equal(found.Rule.Source, violation.Source);
        Assert.NotEqual(violation.Expected, violation.Observed);
        Assert.NotEmpty(violation.Subject);
        if (violation.Subject.StartsWith("block ", StringComparison.Ordinal))
            Assert.All(violation.Pages, pages => Assert.Equal(violation.Subject, $"block {Scene.Toy.BlockOf(pages.Start)}"));
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public void A_transition_that_is_permitted_is_refused_by_no_invariant(string id, string name)
    {
        var found = Find(id, name, breaks: false);
        var seen = found.Scene.Seen();
        Assert.True(found.Rule.AppliesTo(found.Scene.Machine));
        Assert.Empty(Catalogue.All.Where(i => i.AppliesTo(found.Scene.Machine)).Select(i => i.Check(seen))
            .OfType<Violation>().Select(static v => v.ToString()));
    }

    [Fact]
    public void Judging_what_is_permitted_allocates_nothing()
    {
        foreach (var kept in s_all.Where(static c => !c.Breaks && c.Rule.Family != Family.Machine))
        {
            var seen = kept.Scene.Seen();
            kept.Rule.Check(seen);
            var before = GC.GetAllocatedBytesForCurrentThread();
            kept.Rule.Check(seen);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() == before, $"{kept.Rule.Id} allocates: {kept.Name}");
        }
    }

    [Fact]
    public void Every_invariant_has_a_transition_that_breaks_it_and_one_that_keeps_it()
    {
        Assert.Empty(Catalogue.All.Where(i => !s_all.Any(c => c.Rule == i && c.Breaks)).Select(static i =>
            $"{i.Id} is never broken"));
        Assert.Empty(Catalogue.All.Where(i => !s_all.Any(c => c.Rule == i && !c.Breaks)).Select(static i =>
            $"{i.Id} is never kept"));
    }

    [Fact]
    public void Cases_have_names_of_their_own() =>
        Assert.Equal(s_all.Length, s_all.Select(static c => (c.Rule.Id, c.Name, c.Breaks)).Distinct().Count());

    /// <summary>What the rule says of the transition that breaks it.</summary>
    internal static Violation Violate(string id, string name)
    {
        var found = Find(id, name, breaks: true);
        return found.Rule.Check(found.Scene.Seen())!;
    }

    private static InvariantCase Find(string id, string name, bool breaks) =>
        s_all.Single(c => c.Rule.Id == id && c.Name == name && c.Breaks == breaks);

    private static TheoryData<string, string> Names(bool breaks)
    {
        var names = new TheoryData<string, string>();
        foreach (var found in s_all)
            if (found.Breaks == breaks)
                names.Add(found.Rule.Id, found.Name);
        return names;
    }
}
