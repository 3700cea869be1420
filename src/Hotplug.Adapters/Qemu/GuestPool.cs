using System.Security.Cryptography;
using System.Text;
using Hotplug.Adapters.Kernel;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// Gives out fresh guests. A shape is booted once and saved; every guest is restored from there, one of a shape ahead,
/// so that starting afresh costs a restore that was already done while the guest before it worked.
/// </summary>
internal sealed class GuestPool : IDisposable
{
    private const int MostAhead = 3, MostSaved = 16, MostBoots = 3;
    private const string Tracing = "/sys/kernel/tracing/";

    // What one pool saves another of the same kernel restores.
    private static readonly Lock s_booting = new();

    private readonly LinuxOptions _options;
    private readonly byte[] _initramfs;
    private readonly string _initramfsPath;
    private readonly Dictionary<GuestShape, Task<Guest>> _ahead = [];
    private readonly List<GuestShape> _used = [];
    private Btf? _types;
    private StructPages? _structPages;

    internal GuestPool(LinuxOptions options)
    {
        _initramfs = Initramfs.Build(options.Agent, options.Modules);
        var name = Convert.ToHexStringLower(SHA256.HashData(_initramfs))[..16];
        _initramfsPath = Path.Combine(options.Store, $"initramfs-{name}.gz");
        Write(_initramfsPath, _initramfs);
        var shape = new GuestShape(Numa: true, MemmapOnMemory.Off, DeflateOnOom: false);
        _options = options with
        {
            Accelerator = options.Accelerator ?? Accelerator.Probe(options, shape, _initramfsPath),
        };
    }

    /// <summary>Guests booted from nothing so far; the others were restored.</summary>
    internal int Booted { get; private set; }

    /// <summary>The file system of the guests.</summary>
    internal string InitramfsPath => _initramfsPath;

    /// <summary>How struct pages of this kernel are read; known once a guest was booted or restored.</summary>
    internal StructPages StructPages => _structPages ?? throw new HarnessException("no guest was booted yet");

    /// <summary>The kernel's release and the steps that it tells of, as a guest of this shape says.</summary>
    internal (string Release, EffectKinds Steps) Ask(GuestShape shape)
    {
        using var guest = Take(shape);
        guest.Run();
        var release = guest.Agent.Read("/proc/sys/kernel/osrelease").Trim();
        if (release.Length == 0)
            throw new HarnessException("the guest does not tell its kernel's release");
        return (release, StepProbes.Shown(guest.Agent.Read(Tracing + "kprobe_events")));
    }

    /// <summary>A fresh guest of this shape that stands still.</summary>
    internal Guest Take(GuestShape shape)
    {
        var saved = SavedPath(shape);
        lock (s_booting)
            if (!File.Exists(saved))
                BootAndSave(shape, saved);
        _structPages ??= new StructPages(_types ??= ReadTypes(TypesPath()));
        Guest guest;
        if (_ahead.Remove(shape, out var ready))
        {
            guest = ready.GetAwaiter().GetResult();
        }
        else
        {
            guest = Guest.Restore(_options, shape, _initramfsPath, saved);
        }

        Prepare(shape, saved);
        return guest;
    }

    public void Dispose()
    {
        foreach (var ready in _ahead.Values)
            Discard(ready);
        _ahead.Clear();
    }

    // Some megabytes: asked for once for a kernel.
    private Btf TypesOf(Guest guest)
    {
        const string Types = "/sys/kernel/btf/vmlinux";
        const int Piece = 512 << 10;
        var path = TypesPath();
        if (!File.Exists(path))
        {
            using var types = new MemoryStream();
            byte[] piece;
            do
            {
                piece = guest.Agent.ReadBytes(Types, types.Length, Piece);
                types.Write(piece);
            }
            while (piece.Length == Piece);
            Write(path, types.ToArray());
        }

        return ReadTypes(path);
    }

    private static Btf ReadTypes(string path)
    {
        try
        {
            return new Btf(File.ReadAllBytes(path));
        }
        catch (IOException cause)
        {
            throw new HarnessException($"cannot read {path}: {cause.Message}; delete the saved guests beside it", cause);
        }
        catch (FormatException cause)
        {
            throw new HarnessException($"the kernel was built without CONFIG_DEBUG_INFO_BTF: {cause.Message}", cause);
        }
    }

    private string TypesPath() =>
        Path.Combine(_options.Store, $"types-{HashOf(FileIdentity(_options.Kernel))}.btf");

    // A kernel that knows no such events, or has no such function, tells less: what it tells is asked for later.
    private void NoteSteps(Guest guest)
    {
        foreach (var line in StepProbes.Definitions(_types ??= TypesOf(guest)))
            guest.Agent.Write(Tracing + "kprobe_events", line);
        guest.Agent.Write($"{Tracing}events/{StepProbes.Group}/enable", "1");
    }

    private void Prepare(GuestShape shape, string saved)
    {
        _used.Remove(shape);
        _used.Add(shape);
        if (_ahead.Count >= MostAhead)
        {
            var oldest = _used.Find(s => _ahead.ContainsKey(s))!;
            _ahead.Remove(oldest, out var idle);
            Discard(idle!);
        }

        _ahead[shape] = Task.Run(() => Guest.Restore(_options, shape, _initramfsPath, saved));
    }

    private static void Discard(Task<Guest> ready)
    {
        try
        {
            ready.GetAwaiter().GetResult().Dispose();
        }
        catch (HarnessException)
        {
            // A guest that nobody waits for did not start: whoever needs one is told.
        }
    }

    private void BootAndSave(GuestShape shape, string saved)
    {
        using var guest = Boot(shape);
        Requirements.Check(guest.Agent);
        // The first use of everything costs more than later ones; and it settles what booting left behind.
        guest.Agent.Ask("observe");
        guest.Agent.Ask("dmesg");
        NoteSteps(guest);
        guest.Agent.Ask("steps");
        guest.Agent.Write("/proc/sys/vm/stat_refresh", "1");
        guest.Agent.Ask("observe");
        var part = saved + ".part";
        try
        {
            guest.Save(part);
            File.Move(part, saved, overwrite: true);
            ForgetOldest();
        }
        finally
        {
            File.Delete(part);
        }
    }

    // On a busy host the first milliseconds of a kernel, in which it measures its clocks, may go wrong.
    private Guest Boot(GuestShape shape)
    {
        for (var tries = 1; ; tries++)
        {
            Booted++;
            try
            {
                return Guest.Boot(_options, shape, _initramfsPath, _options.BootLimit);
            }
            catch (HarnessException) when (tries < MostBoots)
            {
                // Once more.
            }
        }
    }

    // Another QEMU, kernel or agent makes all saved guests worthless: the oldest go.
    private void ForgetOldest()
    {
        foreach (var file in new DirectoryInfo(_options.Store).GetFiles("guest-*.saved")
            .OrderByDescending(static f => f.LastWriteTimeUtc).Skip(MostSaved))
            file.Delete();
    }

    // A saved guest fits exactly the QEMU, the kernel, the file system and the arguments that it was saved with.
    internal string SavedPath(GuestShape shape)
    {
        var identity = new StringBuilder(StepProbes.Identity);
        foreach (var word in GuestProcess.Arguments(_options, shape, "", _initramfsPath))
            identity.Append(word).Append('\0');
        identity.Append(FileIdentity(_options.Kernel)).Append(FileIdentity(_options.Qemu));
        return Path.Combine(_options.Store, $"guest-{HashOf(identity.ToString())}.saved");
    }

    private static string FileIdentity(string file) =>
        $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file).Ticks}\0";

    private static string HashOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    private static void Write(string path, byte[] content)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (!File.Exists(path))
            {
                File.WriteAllBytes(path + ".part", content);
                File.Move(path + ".part", path, overwrite: true);
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new HarnessException($"cannot write {path}: {cause.Message}", cause);
        }
    }
}
