using System.Runtime.InteropServices;
using System.Text;

namespace Hotplug.Agent;

/// <summary>The system calls that the agent needs. Failures come back as positive errnos.</summary>
internal static unsafe class Libc
{
    internal const int OpenRead = 0, OpenWrite = 1, OpenReadWrite = 2, OpenCreate = 0x40, OpenNonBlocking = 0x800;
    internal const int ProtectionReadWrite = 3;
    internal const int MapShared = 1, MapPrivate = 2, MapAnonymous = 0x20;
    internal const int AdviseHugePage = 14, AdviseNoHugePage = 15, AdvisePopulateRead = 22, AdvisePopulateWrite = 23;
    internal const int PolicyDefault = 0, PolicyPreferred = 1, PolicyBind = 2;
    internal const int SignalInterrupt = 10;    // SIGUSR1

    private const long Mbind = 237, SetMempolicy = 238, FinitModule = 313, ThreadSignal = 234, ThreadId = 186;
    private const long IoUringSetup = 425, IoUringRegister = 427;

    /// <summary>The errno of the call that just failed; 0 if it did not.</summary>
    internal static int ErrnoOf(long result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;

    internal static int Open(string path, int flags)
    {
        var text = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* first = text)
            return open(first, flags, 0x1A4);
    }

    internal static int Mount(string source, string target, string type)
    {
        fixed (byte* s = Encoding.UTF8.GetBytes(source + '\0'))
        fixed (byte* t = Encoding.UTF8.GetBytes(target + '\0'))
        fixed (byte* k = Encoding.UTF8.GetBytes(type + '\0'))
            return ErrnoOf(mount(s, t, k, 0, null));
    }

    /// <summary>Loads a module. EEXIST: it is there already.</summary>
    internal static int LoadModule(int file)
    {
        fixed (byte* none = "\0"u8)
            return ErrnoOf(syscall(FinitModule, file, (long)none, 0, 0, 0, 0));
    }

    internal static int BindRange(byte* start, long bytes, int policy, int node)
    {
        var mask = 1UL << node;
        return ErrnoOf(syscall(Mbind, (long)start, bytes, policy, (long)&mask, 64, 0));
    }

    /// <summary>Where the calling thread's kernel allocations go from now on; node −1: anywhere.</summary>
    internal static int PreferNode(int node)
    {
        var mask = node < 0 ? 0 : 1UL << node;
        return ErrnoOf(syscall(SetMempolicy, node < 0 ? PolicyDefault : PolicyPreferred, node < 0 ? 0 : (long)&mask,
            node < 0 ? 0 : 64, 0, 0, 0));
    }

    internal static long CurrentThread() => syscall(ThreadId, 0, 0, 0, 0, 0, 0);

    internal static int Interrupt(long thread) =>
        ErrnoOf(syscall(ThreadSignal, getpid(), thread, SignalInterrupt, 0, 0, 0));

    internal static int SetUpRing(int entries, byte* parameters) =>
        (int)syscall(IoUringSetup, entries, (long)parameters, 0, 0, 0, 0);

    internal static int RegisterBuffers(int ring, IoVector* buffers, int count) =>
        ErrnoOf(syscall(IoUringRegister, ring, 0, (long)buffers, count, 0, 0));

    internal static int Advise(byte* start, long bytes, int advice) => ErrnoOf(madvise(start, bytes, advice));

    // Nothing can be done about a failure of these.
    internal static void Close(int file) => _ = close(file);

    internal static void Unmap(byte* start, long bytes) => _ = munmap(start, bytes);

    internal static void SizePipe(int pipe, long bytes)
    {
        const int SetPipeSize = 1031;
        _ = fcntl(pipe, SetPipeSize, bytes);
    }

    internal static void Pause(int milliseconds) => _ = poll(null, 0, milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        internal byte* Start;
        internal long Bytes;
    }

    [DllImport("libc", SetLastError = true)]
    internal static extern int getpid();

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int file);

    [DllImport("libc", SetLastError = true)]
    internal static extern long read(int file, byte* buffer, long bytes);

    [DllImport("libc", SetLastError = true)]
    internal static extern long pread(int file, byte* buffer, long bytes, long offset);

    [DllImport("libc", SetLastError = true)]
    internal static extern long write(int file, byte* buffer, long bytes);

    [DllImport("libc", SetLastError = true)]
    internal static extern byte* mmap(byte* at, long bytes, int protection, int flags, int file, long offset);

    [DllImport("libc", SetLastError = true)]
    private static extern int munmap(byte* start, long bytes);

    [DllImport("libc", SetLastError = true)]
    private static extern int madvise(byte* start, long bytes, int advice);

    [DllImport("libc", SetLastError = true)]
    internal static extern int mlock(byte* start, long bytes);

    [DllImport("libc", SetLastError = true)]
    internal static extern int pipe2(int* ends, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fcntl(int file, int command, long argument);

    [DllImport("libc", SetLastError = true)]
    internal static extern long vmsplice(int pipe, IoVector* pieces, long count, int flags);

    [DllImport("libc", SetLastError = true)]
    internal static extern long tee(int from, int to, long bytes, int flags);

    [DllImport("libc", SetLastError = true)]
    internal static extern int socket(int domain, int type, int protocol);

    [DllImport("libc", SetLastError = true)]
    internal static extern int setsockopt(int socket, int level, int name, void* value, int bytes);

    [DllImport("libc", SetLastError = true)]
    internal static extern int ftruncate(int file, long bytes);

    [DllImport("libc", SetLastError = true)]
    internal static extern int waitpid(int process, int* status, int options);

    [DllImport("libc", SetLastError = true)]
    internal static extern int posix_spawn(int* process, byte* path, void* actions, void* attributes, byte** arguments,
        byte** environment);

    [DllImport("libc", SetLastError = true)]
    private static extern int poll(void* files, long count, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    private static extern int open(byte* path, int flags, int mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int mount(byte* source, byte* target, byte* type, long flags, void* data);

    [DllImport("libc", SetLastError = true)]
    private static extern long syscall(long number, long a, long b, long c, long d, long e, long f);
}
