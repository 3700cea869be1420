using Hotplug.Bitmap;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Bitmap;

/// <summary>
/// The race that source document 002 is about, step by step: CPU 0 frees a page while CPU 1 takes its memory offline.
/// The steps are those that every operation of the machine is made of.
/// </summary>
public sealed class PcplistStepTests
{
    private const int Cpu = 0;

    private static readonly MachineSpec s_spec = Bench.Small with { Cpus = 2, PcpBatch = 2, PcpHigh = 4 };

    [Fact]
    public void With_lists_disabled_a_page_that_is_freed_meanwhile_reaches_the_buddy()
    {
        var race = new Race<Faithful>(default);
        var freed = race.FreePrepare();
        race.DisablePcplists();
        race.Isolate();
        race.FreeCommit(freed);
        Assert.Equal(-1, race.Test());
        Assert.Equal(0, race.Listed);
        race.EnablePcplists();
    }

    [Fact]
    public void With_a_single_drain_it_stays_on_a_list_of_its_old_type_and_the_test_never_passes()
    {
        var race = new Race<Seeded>(new Seeded(Fault.SingleDrain));
        var freed = race.FreePrepare();
        race.DisablePcplists();
        race.Isolate();
        race.FreeCommit(freed);
        Assert.Equal(Race<Seeded>.Offset, race.Test());
        Assert.Equal(1, race.Listed);

        // What the next drain repairs, as long as nobody takes the page first.
        race.Drain();
        Assert.Equal(-1, race.Test());
    }

    [Fact]
    public void A_type_that_is_read_after_isolation_sends_the_page_straight_to_the_buddy()
    {
        var race = new Race<Seeded>(new Seeded(Fault.SingleDrain));
        race.DisablePcplists();
        race.Isolate();
        var freed = race.FreePrepare();
        Assert.True(freed.WasIsolated);
        race.FreeCommit(freed);
        Assert.Equal((-1, 0), (race.Test(), race.Listed));
    }

    [Fact]
    public void A_page_leaves_its_list_to_the_buddy_of_the_type_that_its_pageblock_has_then()
    {
        var race = new Race<Faithful>(default);
        var free = race.FreeOfZone;
        race.FreeCommit(race.FreePrepare());
        race.Isolate();
        var isolated = race.FreeOfZone;
        race.Drain();
        Assert.Equal(isolated, race.FreeOfZone);
        race.Unisolate();
        Assert.Equal(free + 1, race.FreeOfZone);
    }

    [Fact]
    public void A_forced_drain_visits_lists_that_look_empty_and_a_plain_one_need_not()
    {
        var race = new Race<Faithful>(default);
        Assert.False(race.Drain());
        race.FreeCommit(race.FreePrepare());
        Assert.True(race.Drain());
        Assert.Equal(0, race.Listed);
    }

    // One page of boot block 1 that its holder just gave up.
    private sealed class Race<TRules>
        where TRules : struct, IRules
    {
        public const int Offset = 5;

        private readonly Wiring<TRules> _machine;
        private readonly MemoryBlock _block;
        private readonly EffectLog _log = new(new Outcome());

        public Race(TRules rules)
        {
            _machine = new Wiring<TRules>(Boot.Start(s_spec, new Journal()), rules);
            _block = _machine.State.Blocks[1];
            _machine.Buddy.Take(_block, Offset, 1);
            _machine.State.Fill(_block, Offset, 1, PageUse.Movable);
        }

        public int Listed => _machine.State.Pcplists.PagesIn(_block.Home);

        public long FreeOfZone => _machine.State.Zones[_block.Home].Free;

        public FreeInFlight FreePrepare() => _machine.PcplistSteps.FreePrepare(_block, Offset);

        public void FreeCommit(FreeInFlight freed) => _machine.PcplistSteps.FreeCommit(Cpu, freed);

        public bool Drain() => _machine.PcplistSteps.Drain(_block.Home);

        public void DisablePcplists() =>
            _machine.Offlining.DisablePcplists(_block.Home, _machine.State.Zones[_block.Home], _log);

        public void EnablePcplists() => _machine.Offlining.EnablePcplists(_machine.State.Zones[_block.Home], _log);

        public void Isolate() => _machine.Offlining.Isolate(_block, _machine.State.BodyOf(_block), _log);

        public void Unisolate() => _machine.Offlining.Unisolate(_block, _machine.State.BodyOf(_block), _log);

        public int Test() => _machine.Evacuation.Test(_block);
    }
}
