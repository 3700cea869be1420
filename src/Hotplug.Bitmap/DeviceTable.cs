using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Bitmap;

/// <summary>A hot-added DIMM.</summary>
/// <param name="Id">N of dN.</param>
/// <param name="Range">Where it was added.</param>
/// <param name="Blocks">Memory blocks that it still has.</param>
/// <param name="Driver">The balloon driver that added it; generic for none.</param>
internal readonly record struct Dimm(int Id, PageRange Range, int Blocks, CallbackOwner Driver);

/// <summary>The DIMMs that are there, in the order added.</summary>
internal sealed class DeviceTable
{
    public List<Dimm> Dimms { get; } = [];

    public int IndexOf(int id)
    {
        for (var i = 0; i < Dimms.Count; i++)
            if (Dimms[i].Id == id)
                return i;
        return -1;
    }

    /// <summary>Where the DIMM was added; empty if it is not there.</summary>
    public PageRange RangeOf(int id) => IndexOf(id) is >= 0 and var index ? Dimms[index].Range : default;

    /// <summary>One block of the DIMM is gone; the last takes the DIMM with it.</summary>
    public void LoseBlock(int id)
    {
        var index = IndexOf(id);
        if (index < 0)
            return;
        var dimm = Dimms[index];
        if (dimm.Blocks > 1)
            Dimms[index] = dimm with { Blocks = dimm.Blocks - 1 };
        else
            Dimms.RemoveAt(index);
    }

    public DeviceTable Clone()
    {
        var copy = new DeviceTable();
        copy.Dimms.AddRange(Dimms);
        return copy;
    }
}
