using Xunit;

namespace Hotplug.Tests.Invariants;

/// <summary>A rule breaks where one thing is other than it should be, and not a step before that.</summary>
public sealed class BoundsTests
{
    private static readonly Bound[] s_all =
    [
        .. ManagedBounds.All, .. LoanBounds.All, .. FlightBounds.All, .. PageBounds.All, .. RollbackBounds.All,
        .. StepBounds.All, .. DriverBounds.All, .. CountBounds.All,
    ];

    public static TheoryData<string, string> Bounds
    {
        get
        {
            var names = new TheoryData<string, string>();
            foreach (var bound in s_all)
                names.Add(bound.Rule.Id, bound.Name);
            return names;
        }
    }

    [Theory]
    [MemberData(nameof(Bounds))]
    public void The_rule_holds_for_these_values_and_for_no_other(string id, string name)
    {
        var bound = s_all.Single(b => b.Rule.Id == id && b.Name == name);
        var values = Enumerable.Range(bound.From, bound.To - bound.From + 1).ToList();
        Assert.Equal(values.Where(bound.Holds), values.Where(value => bound.Rule.Check(bound.Scene(value).Seen()) is null));
    }
}
