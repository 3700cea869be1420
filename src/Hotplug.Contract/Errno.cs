using System.Globalization;

namespace Hotplug.Contract;

/// <summary>
/// The kernel's error numbers, by the kernel's own names and values (include/uapi/asm-generic/errno*.h).
/// <c>default</c> is <see cref="None"/>: success.
/// </summary>
/// <remarks>
/// The set is open: an injected error may carry any number from 1 to 4095. <see cref="ErrnoText"/> prints a number
/// without a name as <c>errno-77</c>.
/// </remarks>
public enum Errno : short
{
    /// <summary>Success.</summary>
    None = 0,
    /// <summary>Refused by a notifier that answered <c>NOTIFY_BAD</c>.</summary>
    EPERM = 1,
    /// <summary>No such memory block.</summary>
    ENOENT = 2,
    /// <summary>The section of the page is not online (unpoison, soft offline).</summary>
    EIO = 5,
    /// <summary>The page is not online (poison, hard offline).</summary>
    ENXIO = 6,
    /// <summary>The range lies outside what can be mapped.</summary>
    E2BIG = 7,
    /// <summary>Interrupted by a signal: offlining was rolled back.</summary>
    EINTR = 4,
    /// <summary>Try again.</summary>
    EAGAIN = 11,
    /// <summary>No memory for the operation's own needs.</summary>
    ENOMEM = 12,
    /// <summary>No permission (a read-only parameter).</summary>
    EACCES = 13,
    /// <summary>In use: unmovable pages, or a memory block that is not offline.</summary>
    EBUSY = 16,
    /// <summary>The range is taken.</summary>
    EEXIST = 17,
    /// <summary>No driver is bound to the device.</summary>
    ENODEV = 19,
    /// <summary>Wrong state, alignment, granularity or text.</summary>
    EINVAL = 22,
    /// <summary>The device refuses for now.</summary>
    ETXTBSY = 26,
    /// <summary>No room below the offline threshold.</summary>
    ENOSPC = 28,
    /// <summary>Bad value for CMM's OOM counter.</summary>
    EBADMSG = 74,
    /// <summary>Unpoison after a real hardware error.</summary>
    EOPNOTSUPP = 95,
    /// <summary>The page, or a page of the memory block, is poisoned.</summary>
    EHWPOISON = 133,
}

/// <summary>Text form of <see cref="Errno"/>: <c>ok</c>, <c>EBUSY</c>, or <c>errno-77</c> for a number without a
/// name.</summary>
public static class ErrnoText
{
    /// <summary>The largest error number that the kernel can encode in a pointer (MAX_ERRNO).</summary>
    public const int Largest = 4095;

    /// <summary>Prints the error number.</summary>
    public static string Print(Errno errno) =>
        errno == Errno.None ? "ok" : Enum.IsDefined(errno) ? errno.ToString() : $"errno-{(int)errno}";

    /// <summary>Reads what <see cref="Print"/> writes; false if the text is none of it.</summary>
    public static bool TryParse(string text, out Errno errno)
    {
        errno = Errno.None;
        if (text == "ok")
            return true;
        // A name, and nothing else that Enum.TryParse accepts: lists, blanks, numbers.
        if (text.StartsWith('E') && Enum.TryParse(text, out errno) && errno.ToString() == text)
            return true;
        errno = Errno.None;
        if (!text.StartsWith("errno-", StringComparison.Ordinal)
            || !short.TryParse(text.AsSpan(6), NumberStyles.None, null, out var number) || number is < 1 or > Largest)
            return false;
        errno = (Errno)number;
        return true;
    }
}
