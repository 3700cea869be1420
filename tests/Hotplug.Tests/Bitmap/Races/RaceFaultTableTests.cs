using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Schedules;
using Xunit;

namespace Hotplug.Tests.Bitmap.Races;

public sealed class RaceFaultTableTests
{
    [Fact]
    public void Every_race_fault_has_its_row_in_order() =>
        Assert.Equal(Enum.GetValues<RaceFault>(), RaceFaultTable.Forms.Select(static f => f.Fault));

    [Fact]
    public void There_are_at_least_forty() => Assert.True(RaceFaultTable.Forms.Length >= 40);

    [Fact]
    public void Every_schedule_point_has_its_row_in_order()
    {
        Assert.Equal(Enum.GetValues<SchedulePoint>(), SchedulePointTable.Forms.Select(static f => f.Point));
        Assert.Equal(SchedulePointTable.Forms.Length, SchedulePointTable.Forms.DistinctBy(static f => f.Word).Count());
        Assert.All(SchedulePointTable.Forms, static f => Assert.Equal(Words.Of(f.Point), f.Word.Replace('.', '-'), StringComparer.Ordinal));
    }
}
