using Hotplug.Bitmap;

namespace Hotplug.Properties;

/// <summary>The claims, of the machine that comes with the suite.</summary>
public sealed class BitmapProperties() : MachineProperties(BitmapMachine.Create());
