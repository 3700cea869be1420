using Xunit;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>
/// Marks a method as a property: FsCheck generates its arguments and runs it many times. The method returns void, bool,
/// <see cref="Property"/>, or a task of these. Same names and meanings as the package FsCheck.Xunit for xunit 2.
/// </summary>
/// <remarks>
/// A number that is not set is -1 and means FsCheck's default. Settings are merged with those of
/// <see cref="PropertiesAttribute"/> on the class, the classes around it, and the assembly; the nearer one wins.
/// </remarks>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
[XunitTestCaseDiscoverer("FsCheck.Xunit.PropertyDiscoverer", "FsCheck.Xunit")]
public class PropertyAttribute : FactAttribute
{
    private const int Unset = -1;

    private bool? _verbose;
    private bool? _quietOnSuccess;

    /// <summary>
    /// <c>seed,gamma</c> runs the whole run again, <c>seed,gamma,size</c> only that step; parentheses are allowed.
    /// Null or empty: a fresh seed.
    /// </summary>
    public string? Replay { get; set; }

    /// <summary>
    /// Kept for source compatibility; cases run one after the other and are the same ones. FsCheck's parallel runner
    /// ends the whole process when a generator throws.
    /// </summary>
    public int Parallelism { get; set; } = Unset;

    /// <summary>How many cases are run; FsCheck's default is 100.</summary>
    public int MaxTest { get; set; } = Unset;

    /// <summary>How many cases may be rejected; FsCheck's default is 1000.</summary>
    public int MaxRejected { get; set; } = Unset;

    /// <summary>Size of the first case; FsCheck's default is 1.</summary>
    public int StartSize { get; set; } = Unset;

    /// <summary>Size of the last case; FsCheck's default is 100.</summary>
    public int EndSize { get; set; } = Unset;

    /// <summary>Writes every argument and every shrink to the test output.</summary>
    public bool Verbose
    {
        get => _verbose ?? false;
        set => _verbose = value;
    }

    /// <summary>Writes nothing to the test output when the property holds.</summary>
    public bool QuietOnSuccess
    {
        get => _quietOnSuccess ?? false;
        set => _quietOnSuccess = value;
    }

    /// <summary>Classes whose public static members return arbitraries; earlier ones override later ones.</summary>
    public Type[] Arbitrary { get; set; } = [];

    internal PropertySettings Settings => new()
    {
        Replay = string.IsNullOrEmpty(Replay) ? null : Replay,
        MaxTest = Given(MaxTest),
        MaxRejected = Given(MaxRejected),
        StartSize = Given(StartSize),
        EndSize = Given(EndSize),
        Verbose = _verbose,
        QuietOnSuccess = _quietOnSuccess,
        Arbitrary = [.. Arbitrary],
    };

    private static int? Given(int number) => number == Unset ? null : number;
}
