using Hotplug.Contract;
using Hotplug.Contract.Operations;

namespace Hotplug.Generators.Steps;

/// <summary>CMM: targets, time for its thread, memory that runs out, and what a removal meets (source document
/// 000).</summary>
internal static class LoanArms
{
    /// <summary>
    /// Most pages on loan: several list pages at any page size. CMM handles them one by one, and so does everybody who
    /// judges.
    /// </summary>
    private const long MostLoaned = 2048;

    internal static bool LoanTarget(Draw draw, out Operation operation)
    {
        var loaned = Math.Max(0, draw.Menu.Loaned);
        operation = Operation.LoanTarget(draw.Chance(65) ? More(draw, loaned) : draw.Below(loaned + 1));
        return draw.Menu.Loaned >= 0;
    }

    internal static bool Tick(Draw draw, out Operation operation)
    {
        operation = Operation.Tick(draw.Chance(60) ? 1 : 1 + draw.Below(draw.Spec.CmmHotplugDelay + 3));
        return draw.Menu.Loaned >= 0;
    }

    internal static bool Oom(Draw draw, out Operation operation)
    {
        operation = Operation.Oom();
        return true;
    }

    /// <summary>Memory leaves while CMM has pages in it; then its thread sleeps out the delay.</summary>
    internal static bool LoanedOffline(Draw draw, out Operation operation)
    {
        if (!TryLoan(draw, out operation) || !draw.TryBlock(AnyOnline(draw), out var block))
            return false;
        draw.Then(Operation.Offline(block.Name)).Then(Operation.Tick(1)).Then(Operation.LoanTarget(More(draw, 1)));
        draw.Then(Operation.Tick(1 + draw.Below(draw.Spec.CmmHotplugDelay + 2)));
        draw.Then(Operation.Online(block.Name, OperationKind.OnlineKernel)).Then(Operation.Tick(2));
        return true;
    }

    /// <summary>The removal is refused, somewhere in the chain or because a list page cannot be replaced.</summary>
    internal static bool VetoedLoanedOffline(Draw draw, out Operation operation)
    {
        if (!TryLoan(draw, out operation) || !draw.TryBlock(AnyOnline(draw), out var block))
            return false;
        draw.Then(draw.Chance(40) ? FaultArms.Veto(draw, VetoPoint.LoanList)
            : Operation.Veto(VetoPoint.Notifier, 1 + draw.Below(draw.Spec.Notifiers.Length + 1), FaultArms.AnyErrno(draw)));
        draw.Then(Operation.Offline(block.Name)).Then(Operation.Tick(1)).Then(Operation.Offline(block.Name));
        return true;
    }

    /// <summary>The hypervisor refuses a page, or no list page is to be had; then all is taken back.</summary>
    internal static bool RefusedLoan(Draw draw, out Operation operation)
    {
        operation = FaultArms.Veto(draw, draw.Chance(70) ? VetoPoint.Loan : VetoPoint.LoanList);
        if (draw.Menu.Loaned < 0)
            return false;
        if (draw.Chance(60))
            operation = operation with { Amount = 1 + draw.Below(draw.Spec.PagesPerLoanList + 2) };
        draw.Then(Operation.LoanTarget(draw.Menu.Loaned + 1 + draw.Below(2L * draw.Spec.PagesPerLoanList)));
        draw.Then(operation).Then(Operation.Tick(1)).Then(draw.Chance(50) ? Operation.Oom() : Operation.LoanTarget(0));
        draw.Then(Operation.Tick(1));
        return true;
    }

    /// <summary>Memory runs out: CMM gives back, and its target stays lower.</summary>
    internal static bool OomWhileLoaned(Draw draw, out Operation operation)
    {
        var fits = TryLoan(draw, out operation);
        if (fits)
            draw.Then(Operation.Oom()).Then(Operation.Tick(1)).Then(Operation.LoanTarget(More(draw, 0))).Then(Operation.Tick(1));
        return fits;
    }

    /// <summary>More than there is, and what is not done to CMM.</summary>
    internal static bool TooMuch(Draw draw, out Operation operation)
    {
        operation = draw.Below(4) switch
        {
            0 => Operation.Inflate(BalloonDriver.Cmm, 1),
            1 => Operation.BalloonTarget(BalloonDriver.Cmm, 0),
            _ => Operation.LoanTarget(draw.Menu.FreePages + draw.Any<long>([1, 9, 1 << 20])),
        };
        return draw.Menu.FreePages <= MostLoaned;
    }

    private static long More(Draw draw, long pages) => Math.Max(pages, Math.Min(pages + draw.Pages(), MostLoaned));

    // A target, and the time to reach it.
    private static bool TryLoan(Draw draw, out Operation operation)
    {
        operation = Operation.LoanTarget(More(draw, Math.Max(0, draw.Menu.Loaned)));
        if (draw.Menu.Loaned < 0 || draw.Menu.FreePages == 0)
            return false;
        draw.Then(Operation.Tick(draw.Chance(70) ? 1 : 2));
        return true;
    }

    // CMM's pages lie in kernel zones: boot memory, as often as not.
    private static BlockWish AnyOnline(Draw draw) =>
        draw.Chance(50) ? BlockWish.Online | BlockWish.Anywhere : BlockWish.Online;
}
