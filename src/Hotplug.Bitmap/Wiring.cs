namespace Hotplug.Bitmap;

/// <summary>The parts of a machine, put together over one state.</summary>
internal sealed class Wiring<TRules>
    where TRules : struct, IRules
{
    public Wiring(MachineState state, TRules rules)
    {
        State = state;
        Buddy = new BuddyAllocator(state.Layout, state);
        var pages = new PageAllocator(state, Buddy);
        var migration = new Migration(state, Buddy);
        var evacuation = new Evacuation(state, Buddy, migration, new IsolationNotifier(state));
        var policy = new ZonePolicy(state);
        var loanSteps = new LoanSteps(state, Buddy, pages);
        Loaning = new Loaning<TRules>(state, loanSteps, rules);
        var chain = new NotifierChain<TRules>(state, new DeviceMemoryNotifier<TRules>(state, pages, rules),
            new CmmNotifier<TRules>(state, loanSteps, rules));
        var membership = new ZoneMembership<TRules>(state, rules);
        var backing = Backing = new Backing(state, pages, Buddy);
        Callbacks = new Callbacks(state);
        var onlining = new Onlining<TRules>(state, Buddy, chain, membership, policy, backing, rules);
        var offlining = new Offlining<TRules>(state, Buddy, chain, membership, evacuation, Loaning, rules);
        var groups = new VmemmapGroups<TRules>(state, rules);
        var removing = new Removing<TRules>(state, pages, groups);
        var ejecting = new Ejecting<TRules>(state, evacuation, offlining, onlining, removing);
        Adding = new Adding<TRules>(
            state, new Memmap<TRules>(state, pages, groups), removing, onlining, Callbacks);
        Blocks = new BlockOperations<TRules>(state, onlining, offlining, removing, ejecting);
        Allocating = new Allocating(state, pages);
        OfflineReferences = new OfflineReferences<TRules>(state, pages, rules);
        var contig = new ContigRange(state, Buddy, pages, migration, evacuation);
        Contig = new Contig<TRules>(state, contig, Allocating, rules);
        Ballooning = new Ballooning<TRules>(state, pages, backing, Adding);
        Poisoning = new Poisoning(state, Buddy, pages, migration);
        Driver = new DeviceMemoryDriver<TRules>(state, new SubBlocks(state, contig), Adding, ejecting);
        Policies = new Policies(state, policy);
        Writer = new ObservationWriter(state, new BlockPainter(state, Buddy));
    }

    public MachineState State { get; }

    public BuddyAllocator Buddy { get; }

    public Adding<TRules> Adding { get; }

    public BlockOperations<TRules> Blocks { get; }

    public Allocating Allocating { get; }

    public OfflineReferences<TRules> OfflineReferences { get; }

    public Contig<TRules> Contig { get; }

    public Backing Backing { get; }

    public Callbacks Callbacks { get; }

    public Ballooning<TRules> Ballooning { get; }

    public Loaning<TRules> Loaning { get; }

    public Poisoning Poisoning { get; }

    public DeviceMemoryDriver<TRules> Driver { get; }

    public Policies Policies { get; }

    public ObservationWriter Writer { get; }
}
