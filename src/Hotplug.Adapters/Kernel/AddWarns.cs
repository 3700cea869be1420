using Hotplug.Contract;
using Hotplug.Contract.Rules;

namespace Hotplug.Adapters.Kernel;

/// <summary>
/// Adding memory when there is none left for its memmap prints a WARNING although the error is handled:
/// <c>WARN_ON_ONCE(ret)</c> in add_pages(), arch/x86/mm/init_64.c. Once in the life of a kernel.
/// </summary>
internal sealed class AddWarns : IKnownDefect
{
    private bool _warned;

    /// <inheritdoc/>
    public string Id => "add-warns";

    /// <inheritdoc/>
    public void Reset() => _warned = false;

    /// <inheritdoc/>
    public void Watch(Transition seen)
    {
        if (_warned || !seen.Outcome.Log.Contains("add_pages+0x", StringComparison.Ordinal)
            || !seen.Outcome.Log.Contains("arch/x86/mm/init_64.c", StringComparison.Ordinal))
            return;
        _warned = true;
        seen.Deviations.Predict(new Deviation(Id, DeviationKind.KernelWarning, Amount: 1));
    }
}
