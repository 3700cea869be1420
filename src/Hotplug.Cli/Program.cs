using Hotplug.Cli;
using Hotplug.Cli.Targets;

return (int)await new CommandLine(Surroundings.OfProcess(), BundledTargets.Table).Run(args);
