using Hotplug.Contract.Rules;
using Hotplug.Invariants;
using Xunit;

namespace Hotplug.Tests.Invariants;

/// <summary>A refutation says what was expected and what was seen, with the numbers of the case at hand.</summary>
public sealed class RefutationTests
{
    [Theory]
    [InlineData("accounting.free-pages", "a free page is not counted", "free 32 | 31 (1 page too few)")]
    [InlineData("accounting.managed-total", "the total drifts", "60 managed pages | 61 (1 page too many)")]
    [InlineData("conservation.alloc-takes-all", "three of four pages", "4 pages | 3 (1 page too few)")]
    [InlineData("conservation.chunks-aligned", "half a chunk", "whole chunks of order 3 | 20 pages from offset 12")]
    [InlineData("zone.present-pages", "one page too many", "present_pages 64 | 65 (1 page too many)")]
    [InlineData("zone.present-pages", "vmemmap is left out", "present_pages 64 | 56 (8 pages too few)")]
    [InlineData("balloon.shrinks-by-what-it-gave", "gives back too little", "shrunk by 2 pages | shrunk by 1, 1 page given back")]
    [InlineData("block.state-machine", "an online block vanishes", "online in zone Movable of node 0, or what remove does | absent")]
    [InlineData("references.get-adds-one", "the pin is not counted", "references 2 | inuse, movable references 1")]
    [InlineData("references.put-drops-one", "the page is freed while it is referenced", "references 1, in use | buddy references 0")]
    [InlineData("references.put-drops-one", "the last reference leaks the page", "free | inuse, movable references 0")]
    [InlineData("poison.success-marks", "handled and not marked", "poisoned | inuse, kernel references 1")]
    [InlineData("poison.success-marks", "unpoisoned and still marked", "not poisoned any more | inuse, hwpoison, kernel references 1")]
    [InlineData("poison.counter", "counted twice", "1 | 2")]
    [InlineData("pcplists.disabled-while-isolated", "only drained", "per-CPU lists disabled and drained before they are isolated | not disabled")]
    [InlineData("pcplists.disabled-while-isolated", "not drained", "per-CPU lists disabled and drained before they are isolated | disabled, not drained")]
    [InlineData("notifier.pcplists-restored", "lists stay disabled", "enabled again before the operation ends | per-CPU lists disabled")]
    [InlineData("notifier.pcplists-restored", "LRU caches stay disabled", "enabled again before the operation ends | LRU caches disabled")]
    [InlineData("notifier.grammar", "ONLINE after a refusal", "what may follow going-online that was refused | online")]
    [InlineData("notifier.grammar", "ONLINE is missing", "an event that ends what began | going-online last")]
    [InlineData("notifier.online-after-accounting", "present is raised later", "sections online, present raised and pageblocks out of isolation | present pages not raised")]
    [InlineData("cmm.size-is-its-pages", "CMM forgets a page", "4 pages on loan | 3")]
    [InlineData("cmm.size-is-its-pages", "a list page is forgotten", "0 list pages | 1")]
    [InlineData("cmm.halt-ends-with-removal", "agrees and does not halt", "loaning halted | neither")]
    [InlineData("cmm.halt-ends-with-removal", "is told of the end and stays halted", "loaning goes on | neither")]
    [InlineData("cmm.paused-after-hotplug", "the removal is not noted", "a removal noted | hotplug-occurred False")]
    [InlineData("cmm.target-by-request", "OOM does not lower it", "4 pages given back on OOM | 0")]
    [InlineData("device-memory.size-is-its-blocks", "a plugged sub-block is still PageOffline", "8 pages plugged, as many as are usable | 16 (8 pages too many)")]
    [InlineData("device-memory.pages-follow-sub-blocks", "unplugged pages are still free", "PageOffline, as they were unplugged | buddy")]
    [InlineData("device-memory.pages-follow-sub-blocks", "plugged pages are still PageOffline", "usable, as they were plugged | offline, neveronlined")]
    [InlineData("vmemmap.usable-while-in-use", "given up before OFFLINE", "vmemmap given up after OFFLINE or CANCEL_ONLINE | going-offline before vmemmap-deinitialised")]
    [InlineData("vmemmap.usable-while-in-use", "initialised after GOING_ONLINE", "vmemmap initialised before GOING_ONLINE | going-online before vmemmap-initialised")]
    [InlineData("vmemmap.head-counts-sections", "counted twice", "references 0 | -1")]
    [InlineData("machine.no-warning", "one warning more than declared", "1 warning | 2: WARNING: CPU: 0 PID: 1 at")]
    [InlineData("machine.no-warning", "a warning", "no warning | 1: WARNING: CPU: 0 PID: 1 at")]
    [InlineData("machine.finishes", "a declared loop that is none", "1 endless loop | none")]
    public void It_says_what_was_expected_and_what_was_seen(string id, string name, string beginning)
    {
        var violation = InvariantCasesTests.Violate(id, name);
        Assert.StartsWith(beginning, $"{violation.Expected} | {violation.Observed}", StringComparison.Ordinal);
    }
}
