using System.Buffers.Text;
using System.Collections.Immutable;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Operations;
using Hotplug.Contract.Schedules;

namespace Hotplug.Engine.Schedules;

/// <summary>
/// A race and a schedule as one word, to be pasted into a command line: a version, and what <see cref="TokenWriter"/>
/// packs in letters, digits, '-' and '_'.
/// </summary>
/// <remarks>
/// The numbers of version 1 are places in <see cref="SpecText.Keys"/> and <see cref="OperationTable"/>: when an entry
/// that is not the last is put in there, the version goes up, and the old order is kept for old tokens.
/// </remarks>
public static class RaceToken
{
    private const string Version = "race1:";

    /// <summary>Prints the token.</summary>
    public static string Print(Race race, Schedule schedule)
    {
        var writer = new TokenWriter();
        writer.Write(race.Spec);
        writer.Write(race.Prefix);
        writer.Write(race.Cpus.Length);
        foreach (var operations in race.Cpus)
            writer.Write(operations);
        var before = 0;
        foreach (var (step, cpu) in schedule.Switches)
        {
            writer.Write(((step - before) * Scheduler.MostCpus) + cpu);
            before = step;
        }

        return Version + Base64Url.EncodeToString(writer.Written);
    }

    /// <summary>Reads a token. False: <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string token, out Race race, out Schedule schedule, out string error)
    {
        (race, schedule, error) = (new Race(new MachineSpec(), [], []), Schedule.Usual, "");
        if (!token.StartsWith(Version, StringComparison.Ordinal))
            error = $"a token begins with '{Version}'";
        else if (!Base64Url.IsValid(token.AsSpan(Version.Length)))
            error = $"after '{Version}' there are letters, digits, '-' and '_' only";
        if (error.Length > 0)
            return false;
        var reader = new TokenReader(Base64Url.DecodeFromChars(token.AsSpan(Version.Length)));
        try
        {
            race = reader.ReadRace();
            schedule = reader.ReadSchedule();
        }
        catch (FormatException broken)
        {
            error = broken.Message;
        }

        if (error.Length == 0)
            error = SpecRules.Check(race.Spec) ?? "";
        return error.Length == 0;
    }
}
