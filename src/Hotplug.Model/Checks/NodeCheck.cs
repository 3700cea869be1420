using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;
using Hotplug.Model.States;

namespace Hotplug.Model.Checks;

/// <summary>Node states follow from the zones' present pages (kernel-semantics I-26).</summary>
internal static class NodeCheck
{
    private static readonly Citation s_online = new("v6.12", "mm/memory_hotplug.c", "try_offline_node");
    private static readonly Citation s_memory = new("v6.12", "mm/memory_hotplug.c", "node_states_set_node");

    public static Violation? Check(State next, Transition seen, in JudgedBefore judged)
    {
        if (!seen.After.Sees(Visibility.Nodes) || judged.Nodes)
            return null;
        foreach (ref readonly var node in seen.After.Nodes)
        {
            if (InFlight.LagsOn(seen, node.Node))
                continue;
            // try_offline_node(): not while it has a memory block, nor CPUs, as node 0 has.
            if (node.Node > 0 && node.Online != HasBlock(next, node.Node))
                return new("node.online", $"node {node.Node}", Word(!node.Online), Word(node.Online), s_online);
            if (node is { Node: 0, Online: false })
                return new("node.online", "node 0", "yes", "no", s_online);
            var normal = HasPresent(next, node.Node, kernelOnly: true);
            var memory = normal || HasPresent(next, node.Node, kernelOnly: false);
            if (node.HasMemory != memory)
                return new("node.has-memory", $"node {node.Node}", Word(memory), Word(node.HasMemory), s_memory);
            if (node.HasNormalMemory != normal)
                return new("node.has-normal-memory", $"node {node.Node}", Word(normal), Word(node.HasNormalMemory), s_memory);
        }

        return null;
    }

    private static bool HasBlock(State next, short node)
    {
        foreach (var block in next.Blocks)
            if (block.Node == node)
                return true;
        return false;
    }

    private static bool HasPresent(State next, short node, bool kernelOnly)
    {
        foreach (var block in next.Blocks)
            if (block.Online && block.Node == node && !(kernelOnly && block.Zone == ZoneKind.Movable))
                return true;
        return false;
    }

    private static string Word(bool has) => has ? "yes" : "no";
}
