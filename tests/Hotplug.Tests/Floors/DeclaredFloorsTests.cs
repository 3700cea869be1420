using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Hotplug.Engine.Floors;
using Hotplug.Generators.Floors;
using Hotplug.Generators.Steps;
using Hotplug.Invariants.Facts;
using Xunit;

namespace Hotplug.Tests.Floors;

/// <summary>Nothing that a gate can reach is left without a floor in silence.</summary>
public sealed class DeclaredFloorsTests
{
    private static readonly string[] s_operations = [.. OperationTable.Forms.Select(static f => f.Word)];

    // What no sequence reaches, or too seldom for every seed: states, operations, and why.
    private static readonly (string States, string Operations, string Why)[] s_unmet =
    [
        (Words.Of(SubjectState.Absent), "back", "what is backed has come before"),
        ("spans-zones boot hot-added self-hosted unregistered", "plug unplug resize", "no device memory is like that"),
        (Words.Of(SubjectState.DeviceMemory), "eject", "device memory is not ejected"),
    ];

    // Words of arguments that nothing draws, and why.
    private static readonly Dictionary<string, string> s_undrawn = new()
    {
        ["deflate driver=cmm"] = "answered as inflate and balloon-target are",
        ["notifier-error event=cancel-online"] = "refused as cancel-offline is",
        ["notifier-error event=offline"] = "refused as online is",
        ["notifier-error event=prepare-online"] = "refused as online is",
        ["notifier-error event=finish-offline"] = "refused as online is",
    };

    [Fact]
    public void Every_operation_that_succeeds_has_a_floor_for_that() =>
        Assert.Equal(s_operations.Select(static word => $"{word} ok").Order(),
            Of(FloorKind.Answer).Where(static what => what.EndsWith(" ok", StringComparison.Ordinal)).Order());

    [Fact]
    public void Every_state_meets_every_operation_that_can_meet_it()
    {
        var expected = Enum.GetValues<SubjectState>().SelectMany(static state => OperationTable.Forms
            .Where(form => CanMeet(form, state)).Select(form => $"{Words.Of(state)} {form.Word}"));
        var excused = s_unmet.SelectMany(static row => row.States.Split(' ')
            .SelectMany(state => row.Operations.Split(' ').Select(operation => $"{state} {operation}")));
        Assert.Equal(expected.Except(excused).Order(), Of(FloorKind.State).Order());
    }

    [Fact]
    public void Every_word_that_an_argument_can_be_is_drawn()
    {
        var words = OperationTable.Forms.SelectMany(static form => form.Parameters
            .SelectMany(parameter => parameter.Words.Select(word => $"{form.Word} {parameter.Key}={word}")));
        Assert.Equal(s_undrawn.Keys.Order(), words.Except(Of(FloorKind.Argument)).Order());
    }

    [Fact]
    public void Every_fact_has_a_floor() =>
        Assert.Equal(FactCatalogue.All.Select(static f => f.Id).Order(), Of(FloorKind.Sometimes).Order());

    [Fact]
    public void Every_choice_of_a_machine_has_a_floor() =>
        Assert.Equal(SpecTraits.All.Select(static t => t.What).Order(), Of(FloorKind.Spec).Order());

    [Fact]
    public void Every_family_has_a_floor() =>
        Assert.Equal(Enum.GetValues<Family>().Select(Words.Of).Order(), Of(FloorKind.Steering).Order());

    [Fact]
    public void Every_arm_has_a_floor_and_a_name_of_its_own() =>
        Assert.Equal(OperationWeights.Rows.Select(static r => r.Name).Order(), Of(FloorKind.Arm).Order());

    [Fact]
    public void No_floor_is_declared_twice() =>
        Assert.Equal(DeclaredFloors.All.Length, DeclaredFloors.All.Select(static f => (f.Kind, f.What)).Distinct().Count());

    [Fact]
    public void Floors_are_about_operations_that_the_machine_has()
    {
        using var machine = BitmapMachine.Create();
        Assert.All(OperationTable.Forms, form => Assert.True(machine.Identity.Levels.HasFlag(form.Level), form.Word));
    }

    // States of a page are met by what names a page, those of a block by what names a place, the rest by everything.
    private static bool CanMeet(OperationForm form, SubjectState state) => state switch
    {
        >= SubjectState.MemoryFull => true,
        >= SubjectState.PageFree => form.Subject == SubjectKind.Page,
        _ => form.Subject is SubjectKind.Device or SubjectKind.DeviceOrBlock or SubjectKind.Block or SubjectKind.Page
            or SubjectKind.DeviceMemory,
    };

    private static IEnumerable<string> Of(FloorKind kind) =>
        DeclaredFloors.All.Where(f => f.Kind == kind).Select(static f => f.What);
}
