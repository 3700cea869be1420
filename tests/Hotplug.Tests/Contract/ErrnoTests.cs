using Hotplug.Contract;
using Xunit;

namespace Hotplug.Tests.Contract;

/// <summary>Error numbers have the kernel's values and a text form.</summary>
public sealed class ErrnoTests
{
    [Theory]
    [InlineData(Errno.EPERM, 1)]
    [InlineData(Errno.ENOENT, 2)]
    [InlineData(Errno.EINTR, 4)]
    [InlineData(Errno.EIO, 5)]
    [InlineData(Errno.ENXIO, 6)]
    [InlineData(Errno.E2BIG, 7)]
    [InlineData(Errno.EAGAIN, 11)]
    [InlineData(Errno.ENOMEM, 12)]
    [InlineData(Errno.EACCES, 13)]
    [InlineData(Errno.EBUSY, 16)]
    [InlineData(Errno.EEXIST, 17)]
    [InlineData(Errno.EINVAL, 22)]
    [InlineData(Errno.ETXTBSY, 26)]
    [InlineData(Errno.ENOSPC, 28)]
    [InlineData(Errno.EBADMSG, 74)]
    [InlineData(Errno.EOPNOTSUPP, 95)]
    [InlineData(Errno.EHWPOISON, 133)]
    public void Every_name_has_the_value_of_the_kernel_header(Errno errno, int value) =>
        Assert.Equal(value, (int)errno);

    [Fact]
    public void Every_number_that_a_kernel_can_return_reads_back_to_itself()
    {
        for (short number = 0; number <= ErrnoText.Largest; number++)
        {
            Assert.True(ErrnoText.TryParse(ErrnoText.Print((Errno)number), out var read));
            Assert.Equal((Errno)number, read);
        }
    }

    [Theory]
    [InlineData(Errno.None, "ok")]
    [InlineData(Errno.EBUSY, "EBUSY")]
    [InlineData((Errno)77, "errno-77")]
    public void Prints_names_and_numbers_without_a_name(Errno errno, string text) =>
        Assert.Equal(text, ErrnoText.Print(errno));

    [Theory]
    [InlineData("")]
    [InlineData("16")]
    [InlineData("ebusy")]
    [InlineData("EFOO")]
    [InlineData("EBUSY ")]
    [InlineData("EPERM,EPERM")]
    [InlineData("None")]
    [InlineData("errno-0")]
    [InlineData("errno--5")]
    [InlineData("errno-+5")]
    [InlineData("errno-4096")]
    [InlineData("errno-")]
    public void Anything_else_is_refused(string text) => Assert.False(ErrnoText.TryParse(text, out _));
}
