using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Rules;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>Words, levels, answers and citations as they are printed.</summary>
public sealed class WordsTests
{
    [Fact]
    public void A_name_of_several_words_is_written_with_hyphens()
    {
        Assert.Equal("going-offline", Words.Of(MemoryNotification.GoingOffline));
        Assert.Equal(["off", "on", "force"], Words.AllOf<MemmapOnMemory>());
    }

    [Fact]
    public void Every_level_reads_back_to_itself()
    {
        foreach (var (level, word) in LevelsText.All)
        {
            Assert.True(LevelsText.TryParse(word, out var read));
            Assert.Equal(level, read);
            Assert.Equal(word, LevelsText.Print(level));
        }

        Assert.False(LevelsText.TryParse("none", out _));
    }

    [Fact]
    public void Levels_print_in_the_order_declared() =>
        Assert.Equal("core balloon effects", LevelsText.Print(Levels.Effects | Levels.Core | Levels.Balloon));

    [Fact]
    public void Answers_print_as_errnos_or_as_how_they_ended()
    {
        Assert.Equal(["ok", "EBUSY", "unfinished", "pending", "unbound", "rejected"],
            new[] { Answer.Ok, Answer.Of(Errno.EBUSY), Answer.Unfinished, Answer.Pending, Answer.Unbound,
                Answer.Rejected }
                .Select(static a => a.ToString()));
        Assert.True(Answer.Ok.IsOk);
        Assert.True(Answer.Of(Errno.EBUSY).IsErrno);
        Assert.False(Answer.Pending.IsOk | Answer.Pending.IsErrno);
    }

    [Fact]
    public void A_citation_names_a_function_of_the_kernel_or_a_document()
    {
        Assert.Equal("linux v6.12 mm/memory_hotplug.c offline_pages()",
            new Citation("v6.12", "mm/memory_hotplug.c", "offline_pages").ToString());
        Assert.Equal("source document 003 (2019): isolation", new Citation("2019", "source document 003", "isolation")
            .ToString());
    }

    [Fact]
    public void Every_dialect_item_has_a_source() =>
        Assert.Empty(Enum.GetValues<DialectItem>().Where(static i => i != DialectItem.None)
            .Except(Dialect.Sources.Keys));

    [Fact]
    public void Ranges_are_half_open()
    {
        var range = new PageRange(4, 4);
        Assert.Equal((true, false), (range.Contains(4), range.Contains(8)));
        Assert.False(range.Intersects(new PageRange(8, 1)));
        Assert.True(range.Contains(new PageRange(5, 3)));
        Assert.Equal("[4,8)", range.ToString());
    }

    [Fact]
    public void An_outcome_is_reused_and_its_record_is_not()
    {
        var outcome = new Outcome { Answer = Answer.Of(Errno.EBUSY), Log = "said" };
        outcome.Add(new Witness(WitnessRole.Taken, new PageRange(0, 3)));
        outcome.Add(new Witness(WitnessRole.Taken, new PageRange(9, 2)));
        outcome.Add(new Effect(EffectKind.PcpDrained, default));
        Assert.Equal(5, outcome.PagesOf(WitnessRole.Taken));
        var record = outcome.ToRecord();
        outcome.Clear();
        Assert.Equal((0, 0, "", true),
            (outcome.Witness.Length, outcome.Effects.Length, outcome.Log, outcome.Answer.IsOk));
        Assert.Equal((2, 1, "said"), (record.Witness.Length, record.Effects.Length, record.Log));
    }

    [Fact]
    public void A_cleared_menu_offers_nothing()
    {
        var menu = new Menu { VetoArmed = true, FreePages = 7 };
        menu.Ballooned[0] = 5;
        menu.Devices.Add(new MenuDevice(Name.Device(1), 1, true));
        menu.Clear();
        Assert.Equal((false, 0L, -1L, 0, 1),
            (menu.VetoArmed, menu.FreePages, menu.Ballooned[0], menu.Devices.Count, menu.NextDevice));
    }
}
