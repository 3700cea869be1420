using Hotplug.Agent;

// The kernel starts this executable as process 1. It then starts itself again: as the agent, and as a victim for the
// OOM killer.
return Libc.getpid() == 1 ? Init.Run()
    : args is ["victim", ..] ? Victim.Run()
    : args is ["agent", var life, ..] ? new Server(int.Parse(life)).Run()
    : Usage();

static int Usage()
{
    Console.Error.WriteLine("the guest agent of the Hotplug Conformance Suite: it runs as process 1 of a guest");
    return 2;
}
