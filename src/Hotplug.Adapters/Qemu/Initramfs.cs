using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>
/// The guest's whole file system: the agent as <c>/init</c> and the modules that it loads. A "newc" cpio archive,
/// compressed (Linux: Documentation/driver-api/early-userspace/buffer-format.rst). Equal inputs give equal bytes.
/// </summary>
internal static class Initramfs
{
    private const int Directory = 0x41ED, Executable = 0x81ED, File = 0x81A4, CharacterDevice = 0x2180;

    /// <summary>
    /// Modules in the order in which they need each other; those that a kernel has built in are not found.
    /// </summary>
    private static readonly string[] s_modules =
    [
        "virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_console",
        "virtio_balloon", "virtio_mem", "hwpoison-inject", "notifier-error-inject", "memory-notifier-error-inject",
    ];

    /// <summary>Builds it. <paramref name="modules"/>: a directory that holds the modules somewhere below.</summary>
    internal static byte[] Build(string agent, string modules)
    {
        using var packed = new MemoryStream();
        using (var archive = new GZipStream(packed, CompressionLevel.Fastest))
        {
            var inode = 1;
            foreach (var name in (string[])["dev", "proc", "sys", "ram", "modules"])
                Add(archive, ref inode, name, Directory, []);
            Add(archive, ref inode, "dev/console", CharacterDevice, [], major: 5, minor: 1);
            Add(archive, ref inode, "init", Executable, Read(agent, "run scripts/build-agent"));
            var order = new StringBuilder();
            foreach (var module in s_modules)
            {
                if (Find(modules, module) is not { } path)
                    continue;
                order.Append(module).Append(".ko\n");
                Add(archive, ref inode, $"modules/{module}.ko", File, Unpack(path));
            }

            Add(archive, ref inode, "modules/order", File, Encoding.ASCII.GetBytes(order.ToString()));
            Add(archive, ref inode, "TRAILER!!!", 0, []);
        }

        return packed.ToArray();
    }

    private static void Add(
        Stream to, ref int inode, string name, int mode, byte[] content, int major = 0, int minor = 0)
    {
        var header = new StringBuilder("070701");
        int[] fields = [inode++, mode, 0, 0, 1, 0, content.Length, 0, 0, major, minor, name.Length + 1, 0];
        foreach (var field in fields)
            header.Append(field.ToString("x8", CultureInfo.InvariantCulture));
        var start = Encoding.ASCII.GetBytes(header.Append(name).Append('\0').ToString());
        to.Write(start);
        Pad(to, start.Length);
        to.Write(content);
        Pad(to, content.Length);
    }

    private static void Pad(Stream to, int length) => to.Write("\0\0\0"u8[..((4 - (length % 4)) % 4)]);

    private static string? Find(string modules, string name) => Files(modules, name)
        .Concat(Files(modules, name.Replace('-', '_')))
        .Where(static f => Path.GetExtension(f) is ".ko" or ".xz" or ".zst" or ".gz")
        .Order(StringComparer.Ordinal).FirstOrDefault();

    private static IEnumerable<string> Files(string modules, string name) =>
        System.IO.Directory.EnumerateFiles(modules, name + ".ko*", SearchOption.AllDirectories);

    private static byte[] Unpack(string path) => Path.GetExtension(path) switch
    {
        ".ko" => Read(path, "check --modules"),
        ".xz" => Run("xz", path),
        ".zst" => Run("zstd", path),
        _ => Run("gzip", path),
    };

    private static byte[] Read(string path, string remedy)
    {
        try
        {
            return System.IO.File.ReadAllBytes(path);
        }
        catch (IOException cause)
        {
            throw new HarnessException($"cannot read {path}: {cause.Message}; {remedy}", cause);
        }
    }

    private static byte[] Run(string tool, string path)
    {
        try
        {
            var start = new ProcessStartInfo(tool, ["-dc", path]) { RedirectStandardOutput = true, UseShellExecute = false };
            using var process = Process.Start(start)!;
            using var unpacked = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(unpacked);
            process.WaitForExit();
            return process.ExitCode == 0 ? unpacked.ToArray()
                : throw new HarnessException($"{tool} cannot unpack {path}: exit code {process.ExitCode}");
        }
        catch (System.ComponentModel.Win32Exception cause)
        {
            throw new HarnessException($"the module {path} is packed, and there is no {tool} to unpack it", cause);
        }
    }
}
