namespace ToyHotplug.Tests;

public sealed class ToyMachineConforms() : Hotplug.Properties.MachineProperties(new ToyMachine());
