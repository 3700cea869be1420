using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.FSharp.Core;

namespace FsCheck.Xunit;

/// <summary>What the attributes ask for; null where none of them says anything.</summary>
internal sealed record PropertySettings
{
    internal string? Replay { get; init; }

    internal int? MaxTest { get; init; }

    internal int? MaxRejected { get; init; }

    internal int? StartSize { get; init; }

    internal int? EndSize { get; init; }

    internal bool? Verbose { get; init; }

    internal bool? QuietOnSuccess { get; init; }

    internal ImmutableArray<Type> Arbitrary { get; init; } = [];

    /// <summary>
    /// Settings of a method: its own, then those of its class, of the classes around it, of the assembly.
    /// </summary>
    internal static PropertySettings Of(MethodInfo method, Type testClass)
    {
        var settings = method.GetCustomAttribute<PropertyAttribute>()?.Settings ?? new PropertySettings();
        for (var type = testClass; type is not null; type = type.DeclaringType)
            settings = settings.Over(type.GetCustomAttribute<PropertiesAttribute>());
        return settings.Over(testClass.Assembly.GetCustomAttribute<PropertiesAttribute>());
    }

    /// <summary>
    /// FsCheck's configuration, and the seed that it starts from. Throws <see cref="ArgumentException"/> for a bad
    /// replay.
    /// </summary>
    internal Config ToConfig(IRunner runner, out Replay replay)
    {
        replay = Replay is null ? Fresh() : ReplayText.Parse(Replay);
        var config = Config.Default
            .WithReplay(FSharpOption<Replay>.Some(replay))
            .WithArbitrary(Arbitrary)
            .WithQuietOnSuccess(QuietOnSuccess ?? false)
            .WithRunner(runner);
        if (MaxTest is { } tests)
            config = config.WithMaxTest(tests);
        if (MaxRejected is { } rejected)
            config = config.WithMaxRejected(rejected);
        if (StartSize is { } start)
            config = config.WithStartSize(start);
        if (EndSize is { } end)
            config = config.WithEndSize(end);
        return Verbose ?? false
            ? config.WithEvery(Config.Verbose.Every).WithEveryShrink(Config.Verbose.EveryShrink)
            : config;
    }

    private PropertySettings Over(PropertyAttribute? farther)
    {
        if (farther is null)
            return this;
        var other = farther.Settings;
        return new()
        {
            Replay = Replay ?? other.Replay,
            MaxTest = MaxTest ?? other.MaxTest,
            MaxRejected = MaxRejected ?? other.MaxRejected,
            StartSize = StartSize ?? other.StartSize,
            EndSize = EndSize ?? other.EndSize,
            Verbose = Verbose ?? other.Verbose,
            QuietOnSuccess = QuietOnSuccess ?? other.QuietOnSuccess,
            Arbitrary = Arbitrary.AddRange(other.Arbitrary),
        };
    }

    // Drawn here and not by FsCheck, so that the seed is known even when a generator throws.
    private static Replay Fresh() =>
        new(new Rnd(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)))), FSharpOption<int>.None);
}
