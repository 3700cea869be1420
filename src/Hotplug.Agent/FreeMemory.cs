namespace Hotplug.Agent;

/// <summary>
/// Keeps a reserve: whoever takes the last pages invites the OOM killer, and that is not what is tested here.
/// </summary>
internal static class FreeMemory
{
    internal const int NoMemory = 12;

    private const long ReserveAnywhere = 8_192, ReserveOnNode = 1_024;

    internal static bool Allows(long pages, int node, bool isKernel)
    {
        long free = 0;
        var counts = false;
        foreach (var line in Files.Read("/proc/zoneinfo").Text.Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is ["Node", var number, "zone", var zone])
                counts = (node < 0 || number.TrimEnd(',') == node.ToString())
                    && zone != "DMA" && !(isKernel && zone == "Movable");
            else if (counts && words is ["pages", "free", var count])
                free += long.Parse(count);
        }

        return free - (node <= 0 ? ReserveAnywhere : ReserveOnNode) >= pages;
    }
}
