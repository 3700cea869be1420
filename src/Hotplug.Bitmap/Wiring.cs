namespace Hotplug.Bitmap;

/// <summary>The parts of a machine, put together over one state.</summary>
internal sealed class Wiring<TRules>
    where TRules : struct, IRules
{
    public Wiring(MachineState state, TRules rules)
    {
        State = state;
        Rules = rules;
        Buddy = new BuddyAllocator(state.Layout, state);
        PcplistSteps = new PcplistSteps<TRules>(state, Buddy, rules);
        Pcplists = new PcplistOperations<TRules>(state, PcplistSteps, rules);
        var pages = new PageAllocator<TRules>(state, Buddy, PcplistSteps, rules);
        var migration = new Migration<TRules>(state, Buddy, PcplistSteps, rules);
        Evacuation = new Evacuation<TRules>(state, Buddy, migration, new IsolationNotifier<TRules>(state, rules), rules);
        var policy = new ZonePolicy<TRules>(state, rules);
        var loanSteps = new LoanSteps<TRules>(state, Buddy, pages, rules);
        Loaning = new Loaning<TRules>(state, loanSteps, rules);
        var chain = new NotifierChain<TRules>(state, new DeviceMemoryNotifier<TRules>(state, pages, rules),
            new CmmNotifier<TRules>(state, loanSteps, rules), rules);
        var membership = new ZoneMembership<TRules>(state, rules);
        var backing = Backing = new Backing<TRules>(state, pages, Buddy, rules);
        Callbacks = new Callbacks(state);
        var onlining = new Onlining<TRules>(state, Buddy, chain, membership, policy, backing, rules);
        Offlining = new Offlining<TRules>(
            state, Buddy, chain, membership, Evacuation, PcplistSteps, Loaning, rules);
        var groups = new VmemmapGroups<TRules>(state, rules);
        var removing = new Removing<TRules>(state, pages, groups, rules);
        var ejecting = new Ejecting<TRules>(state, Evacuation, Offlining, onlining, removing, rules);
        Adding = new Adding<TRules>(
            state, new Memmap<TRules>(state, pages, groups, rules), removing, onlining, Callbacks, rules);
        Blocks = new BlockOperations<TRules>(state, onlining, Offlining, removing, ejecting, rules);
        var references = new ReferenceSteps<TRules>(state, rules);
        Allocating = new Allocating<TRules>(state, pages, references, rules);
        OfflineReferences = new OfflineReferences<TRules>(state, pages, references, rules);
        var contig = new ContigRange<TRules>(state, Buddy, pages, migration, Evacuation, rules);
        var isolated = new IsolatedParts<TRules>(state, Buddy, pages, rules);
        Contig = new Contig<TRules>(state, contig, isolated, PcplistSteps, Allocating, rules);
        Ballooning = new Ballooning<TRules>(state, pages, backing, Adding, rules);
        Poisoning = new Poisoning<TRules>(state, Buddy, pages, PcplistSteps, migration, rules);
        Driver = new DeviceMemoryDriver<TRules>(
            state, new SubBlocks<TRules>(state, contig, isolated, PcplistSteps, rules), Adding, ejecting, rules);
        Policies = new Policies<TRules>(state, policy, rules);
        Writer = new ObservationWriter<TRules>(state, new BlockPainter(state, Buddy), rules);
    }

    public MachineState State { get; }

    public TRules Rules { get; }

    public BuddyAllocator Buddy { get; }

    public PcplistSteps<TRules> PcplistSteps { get; }

    public PcplistOperations<TRules> Pcplists { get; }

    public Evacuation<TRules> Evacuation { get; }

    public Offlining<TRules> Offlining { get; }

    public Adding<TRules> Adding { get; }

    public BlockOperations<TRules> Blocks { get; }

    public Allocating<TRules> Allocating { get; }

    public OfflineReferences<TRules> OfflineReferences { get; }

    public Contig<TRules> Contig { get; }

    public Backing<TRules> Backing { get; }

    public Callbacks Callbacks { get; }

    public Ballooning<TRules> Ballooning { get; }

    public Loaning<TRules> Loaning { get; }

    public Poisoning<TRules> Poisoning { get; }

    public DeviceMemoryDriver<TRules> Driver { get; }

    public Policies<TRules> Policies { get; }

    public ObservationWriter<TRules> Writer { get; }
}
