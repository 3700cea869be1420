namespace Hotplug.Benchmarks.Machine;

/// <summary>What an operation of the optimised machine costs at 1 GiB, 64 GiB and 1 TiB, and what its pages
/// weigh.</summary>
internal sealed class MachineSection : ISection
{
    private static readonly (string Size, int Blocks)[] s_sizes = [("1 GiB", 8), ("64 GiB", 512), ("1 TiB", 8192)];

    public string Word => "machine";

    public string About => "the optimised machine alone, blocks of 128 MiB; CPU ns, medians of one run";

    public void Run(TextWriter output)
    {
        var claims = new Claims(output);
        var rigs = s_sizes.Select(static s => (s.Size, Rig: new MachineRig(s.Blocks))).ToArray();
        var full = s_sizes.Select(static s => (s.Size, Rig: new MachineRig(s.Blocks).Filled())).ToArray();
        MeasureBuddy(claims);
        MeasureCost(claims, rigs, full);
        foreach (var (size, rig) in rigs)
            claims.AtMost($"memory at {size}, all planes and summaries", rig.BitsPerPage, 6, "bits a page");
        claims.AtMost("allocated by the machine, operations and observations", rigs[0].Rig.BytesPerOperation(), 0, "bytes an operation");
        foreach (var (_, rig) in rigs.Concat(full))
            rig.Dispose();
    }

    // The allocator alone against a sorted set alone: neither keeps names, holders or a log of what it did.
    private static void MeasureBuddy(Claims claims)
    {
        const string Sorted = "SortedSet of free pages at 1 GiB: free + take, random victims";
        var rounds = new AlternatingRounds(warmUp: 3, rounds: 7);
        foreach (var (size, blocks) in s_sizes)
        {
            var rig = new BuddyRig(blocks);
            rounds.Add($"hot, {size}", () => rig.HotPairs(1_000_000));
            rounds.Add($"random victims, {size}", () => rig.RandomPairs(500_000));
        }

        rounds.Add(Sorted, () => Peers.SortedPairs(8 * 32768, 50_000));
        rounds.Measure();
        foreach (var what in new[] { "hot", "random victims" })
            claims.Figure($"buddy allocator alone: free + take, {what}",
                string.Join(" / ", s_sizes.Select(s => $"{rounds[$"{what}, {s.Size}"]:0} ns ({s.Size})")));
        claims.Figure(Sorted, $"{rounds[Sorted]:0} ns");
        claims.AtMost("buddy: free + take, random victims, 1 GiB", rounds["random victims, 1 GiB"], 30, "ns");
        claims.AtMost("buddy: hot growth 1 GiB to 1 TiB", rounds["hot, 1 TiB"] / rounds["hot, 1 GiB"], 1.3, "x");
        claims.AtMost("buddy: random growth 1 GiB to 1 TiB",
            rounds["random victims, 1 TiB"] / rounds["random victims, 1 GiB"], 12, "x");
        claims.AtLeast("SortedSet / buddy, random victims, 1 GiB", rounds[Sorted] / rounds["random victims, 1 GiB"], 4.5, "x");
    }

    private static void MeasureCost(Claims claims, (string Size, MachineRig Rig)[] rigs, (string Size, MachineRig Rig)[] full)
    {
        const string Hashed = "HashSet of free pages: offline + online of an empty block";
        var rounds = new AlternatingRounds(warmUp: 3, rounds: 7);
        foreach (var (size, rig) in rigs)
        {
            rounds.Add($"alloc/free pair, hot, {size}", () => rig.HotPairs(200_000));
            rounds.Add($"alloc/free pair, random victims, {size}", () => rig.RandomPairs(100_000));
            rounds.Add($"offline + online of an empty block, {size}", () => rig.EmptyBlocks(5_000));
            rounds.Add($"alloc + observe + free + observe, {size}", () => rig.ObservedPairs(50_000));
        }

        foreach (var (size, rig) in full)
            rounds.Add($"alloc/free pair, only the last pages free, {size}", () => rig.HotPairs(200_000));
        rounds.Add(Hashed, () => Peers.HashedBlocks(32768, 5));
        rounds.Measure();
        foreach (var what in new[] { "alloc/free pair, hot", "alloc/free pair, random victims", "alloc/free pair, only the last pages free", "offline + online of an empty block", "alloc + observe + free + observe" })
            claims.Figure(what, string.Join(" / ", rigs.Select(r => $"{rounds[$"{what}, {r.Size}"]:0} ns ({r.Size})")));
        claims.Figure(Hashed, $"{rounds[Hashed]:0} ns");
        claims.AtMost("hot growth 1 GiB to 1 TiB", rounds["alloc/free pair, hot, 1 TiB"] / rounds["alloc/free pair, hot, 1 GiB"], 1.3, "x");
        claims.AtMost("random growth 1 GiB to 1 TiB", rounds["alloc/free pair, random victims, 1 TiB"] / rounds["alloc/free pair, random victims, 1 GiB"], 12, "x");
        claims.AtMost("first free page: growth 1 GiB to 1 TiB", rounds["alloc/free pair, only the last pages free, 1 TiB"] / rounds["alloc/free pair, only the last pages free, 1 GiB"], 1.5, "x");
        claims.AtMost("offline + online: growth 1 GiB to 1 TiB", rounds["offline + online of an empty block, 1 TiB"] / rounds["offline + online of an empty block, 1 GiB"], 1.3, "x");
        claims.AtLeast("HashSet / our offline + online", rounds[Hashed] / rounds["offline + online of an empty block, 1 GiB"], 150, "x");
        claims.AtMost("observed pair: growth 1 GiB to 1 TiB", rounds["alloc + observe + free + observe, 1 TiB"] / rounds["alloc + observe + free + observe, 1 GiB"], 1.5, "x");
    }
}
