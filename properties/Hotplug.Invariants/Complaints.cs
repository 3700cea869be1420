using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;
using Hotplug.Contract.Rules;

namespace Hotplug.Invariants;

/// <summary>What a machine prints of itself: a kernel that checks itself says so when it is wrong.</summary>
public static class Complaints
{
    // The words that the kernel's own checks begin with (lib/bug.c, mm/page_alloc.c, arch/x86/kernel/dumpstack.c).
    private static readonly string[] s_words =
    [
        "WARNING: ", "BUG: ", "kernel BUG at ", "Oops: ", "general protection fault", "Internal error: ",
        "Kernel panic - ", "watchdog: BUG", "INFO: task ", "UBSAN: ",
    ];

    /// <summary>Catches what the kernel's own checks catch.</summary>
    public static readonly Invariant NoWarning = new(
        "machine.no-warning", Family.Machine,
        "No operation makes the machine print a warning of its own checks.",
        "Whatever a WARN_ON() or BUG_ON() of the kernel is there for: an error path that forgot to undo a step.",
        new Citation("v6.12", "lib/bug.c", "__warn"),
        Levels.Core, Visibility.None, Check);

    /// <summary>Catches what loops: nothing crashes, nothing is printed, and nothing that waits for it ends either.</summary>
    public static readonly Invariant Finishes = new(
        "machine.finishes", Family.Machine,
        "What an operation began comes to an end, or waits for something: nothing of it runs on without getting anywhere.",
        "A loop whose condition only somebody can change who waits for the loop.",
        new Citation("v6.12", "mm/compaction.c", "too_many_isolated"),
        Levels.Core, Visibility.None, CheckEnd);

    private static Violation? Check(Transition seen) => Compare(seen, NoWarning, DeviationKind.KernelWarning,
        static line => IsComplaint(line), "warning");

    private static Violation? CheckEnd(Transition seen) => Compare(seen, Finishes, DeviationKind.EndlessWork,
        static line => line.StartsWith(Outcome.Endless, StringComparison.Ordinal), "endless loop");

    private static Violation? Compare(
        Transition seen, Invariant rule, DeviationKind declared, Func<ReadOnlySpan<char>, bool> counts, string what)
    {
        if (seen.Outcome.Log.Length == 0)
            return null;
        long expected = 0;
        foreach (var deviation in seen.Deviations.Now)
            if (deviation.Kind == declared)
                expected += deviation.Amount;
        long count = 0;
        ReadOnlySpan<char> last = "";
        foreach (var line in seen.Outcome.Log.AsSpan().EnumerateLines())
            if (counts(line))
            {
                count++;
                last = line;
            }

        return count == expected ? null
            : Evidence.Against(rule, seen.Operation.ToString(), expected == 0 ? $"no {what}" : Evidence.Count(expected, what),
                count == 0 ? "none" : $"{count}: {last}");
    }

    private static bool IsComplaint(ReadOnlySpan<char> line)
    {
        foreach (var word in s_words)
            if (line.StartsWith(word, StringComparison.Ordinal))
                return true;
        return false;
    }
}
