namespace Hotplug.Contract.Observations;

/// <summary>A per-CPU list of a zone, as /proc/zoneinfo shows it.</summary>
/// <param name="Zone">Which zone.</param>
/// <param name="Cpu">Whose list.</param>
/// <param name="Pages">Pages on it.</param>
/// <param name="High">Its high mark in force; 0 while the zone's lists are disabled.</param>
/// <param name="Batch">Its batch in force; 1 while the zone's lists are disabled.</param>
public readonly record struct PcplistObservation(ZoneId Zone, short Cpu, int Pages, int High, int Batch);
