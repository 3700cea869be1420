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

    private static Violation? Check(Transition seen)
    {
        if (seen.Outcome.Log.Length == 0)
            return null;
        long expected = 0;
        foreach (var deviation in seen.Deviations.Now)
            if (deviation.Kind == DeviationKind.KernelWarning)
                expected += deviation.Amount;
        long count = 0;
        ReadOnlySpan<char> last = "";
        foreach (var line in seen.Outcome.Log.AsSpan().EnumerateLines())
            if (IsComplaint(line))
            {
                count++;
                last = line;
            }

        return count == expected ? null
            : Evidence.Against(NoWarning, seen.Operation.ToString(), expected == 0 ? "no warning"
                : $"{expected} warnings",
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
