using System.Text.Json.Nodes;
using Hotplug.Adapters.Kernel;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// The second channel of observation: the struct pages of memory blocks, read by QEMU from outside while the guest
/// stands still.
/// </summary>
internal sealed class HostView(StructPages pages)
{
    private const int PagesPerBlock = 32768;

    /// <summary>The text of a recording for each of the blocks.</summary>
    internal JsonObject Read(Guest guest, IEnumerable<int> blocks)
    {
        var texts = new JsonObject();
        var path = Path.Combine(guest.Directory, "pages");
        guest.Monitor.Execute("stop");
        foreach (var block in blocks)
        {
            var error = guest.Monitor.TryExecute("memsave", new JsonObject
            {
                ["val"] = StructPages.VmemmapBase + ((long)block * PagesPerBlock * pages.Bytes),
                ["size"] = (long)PagesPerBlock * pages.Bytes,
                ["filename"] = path,
            }, out _);
            if (error is null)
                texts[block.ToString()] = pages.Print(Read(path));
        }

        guest.Monitor.Execute("cont");
        return texts;
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (IOException cause)
        {
            throw new HarnessException(
                $"cannot read the struct pages that QEMU wrote to {path}: {cause.Message}", cause);
        }
    }
}
