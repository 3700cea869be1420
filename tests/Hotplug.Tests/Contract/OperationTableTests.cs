using Hotplug.Contract;
using Hotplug.Contract.Operations;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>The table of forms prints, reads and changes operations.</summary>
public sealed class OperationTableTests
{
    private static readonly Name s_block = Name.Device(1).WithBlock(2);

    public static TheoryData<string, Operation> Printed() => new()
    {
        { "add d1 pages=65536", Operation.Add(Name.Device(1), 65536) },
        {
            "add d1 pages=8 node=1 at=#40 memmap=per-device group=dynamic",
            Operation.Add(Name.Device(1), 8, 1, Name.RawBlock(40), MemmapPlacement.PerDevice, MemoryGroupKind.Dynamic)
        },
        { "remove d1", Operation.Remove(Name.Device(1)) },
        { "remove d1.b2 blocks=3", Operation.Remove(s_block, 3) },
        { "offline-remove d1", Operation.OfflineRemove(Name.Device(1)) },
        { "eject d1", Operation.Eject(Name.Device(1)) },
        { "online d1.b2", Operation.Online(s_block) },
        { "online_kernel d1.b2", Operation.Online(s_block, OperationKind.OnlineKernel) },
        { "online_movable d1.b2", Operation.Online(s_block, OperationKind.OnlineMovable) },
        { "offline d1.b2", Operation.Offline(s_block) },
        { "write-state d1.b2 text=nonsense", Operation.WriteState(s_block, StateText.Nonsense) },
        { "write-online d1.b2 value=1", Operation.WriteOnline(s_block, true) },
        { "alloc a3 pages=20", Operation.Alloc(Name.Allocation(3), 20) },
        {
            "alloc a3 pages=20 kind=long-term-pinned order=2 node=0 cpu=1",
            Operation.Alloc(Name.Allocation(3), 20, AllocationKind.LongTermPinned, 2, 0, 1)
        },
        { "free a3", Operation.Free(Name.Allocation(3)) },
        { "get a3[17]", Operation.Get(Name.Allocation(3).WithPage(17)) },
        { "put a3[17]", Operation.Put(Name.Allocation(3).WithPage(17)) },
        { "inflate pages=512", Operation.Inflate(BalloonDriver.Virtio, 512) },
        { "deflate driver=hyper-v pages=512", Operation.Deflate(BalloonDriver.HyperV, 512) },
        { "balloon-target pages=0", Operation.BalloonTarget(BalloonDriver.Virtio, 0) },
        { "resize m1 sub-blocks=0", Operation.Resize(Name.DeviceMemory(1), 0) },
        { "set-callback owner=virtio-mem action=restore",
            Operation.SetCallback(CallbackOwner.VirtioMem, CallbackAction.Restore) },
        { "contig a3 at=@1310720 pages=16", Operation.Contig(Name.Allocation(3), Name.RawPage(1310720), 16) },
        { "veto errno=EBUSY", Operation.Veto(VetoPoint.Notifier, 1, Errno.EBUSY) },
        { "veto point=block-device k=2 errno=errno-77", Operation.Veto(VetoPoint.BlockDevice, 2, (Errno)77) },
        { "notifier-error event=going-offline errno=ok",
            Operation.NotifierError(MemoryNotification.GoingOffline, Errno.None) },
        { "policy set=auto-online-movable", Operation.Policy(PolicySetting.AutoOnlineMovable) },
        { "tick seconds=5", Operation.Tick(5) },
    };

    [Theory]
    [MemberData(nameof(Printed))]
    public void Prints_the_word_the_subject_and_what_is_not_default(string text, Operation operation) =>
        Assert.Equal(text, operation.ToString());

    [Fact]
    public void Every_default_is_a_legal_value()
    {
        foreach (var parameter in OperationTable.Forms.SelectMany(static f => f.Parameters))
            if (parameter.Default is { } value)
                Assert.True(value >= Math.Min(parameter.Low, 0) && value <= parameter.High, $"{parameter.Key}={value}");
    }

    [Fact]
    public void No_operation_has_two_arguments_with_one_key_or_one_field()
    {
        foreach (var form in OperationTable.Forms)
        {
            Assert.Equal(form.Parameters.Length, form.Parameters.Select(static p => p.Key).Distinct().Count());
            Assert.Equal(form.Parameters.Length, form.Parameters.Select(static p => p.Field).Distinct().Count());
        }
    }

    [Fact]
    public void A_field_holds_what_was_put_into_it()
    {
        foreach (var field in Enum.GetValues<OperationField>().Where(static f => f != OperationField.At))
            Assert.Equal(3, OperationTable.Get(OperationTable.With(default, field, 3), field));
    }

    [Fact]
    public void A_place_is_a_name_and_no_number()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => OperationTable.Get(default, OperationField.At));
        Assert.Throws<ArgumentOutOfRangeException>(static () => OperationTable.With(default, OperationField.At, 1));
    }

    [Fact]
    public void An_unknown_word_has_no_form() => Assert.Null(OperationTable.Find("hotplug"));
}
