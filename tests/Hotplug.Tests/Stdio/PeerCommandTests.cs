using Hotplug.Adapters.Stdio;
using Xunit;

namespace Hotplug.Tests.Stdio;

public sealed class PeerCommandTests
{
    [Theory]
    [InlineData("./machine", "./machine")]
    [InlineData("  python3   -u  m.py ", "python3|-u|m.py")]
    [InlineData("sh -c 'read a; echo \"$a\"'", "sh|-c|read a; echo \"$a\"")]
    [InlineData("a \"b c\" \"\" 'd \\e'", "a|b c||d \\e")]
    [InlineData("my\\ machine \"say \\\"hi\\\"\"", "my machine|say \"hi\"")]
    [InlineData("a'b'\"c\"d", "abcd")]
    public void Words_are_read_as_a_shell_reads_them(string text, string words)
    {
        Assert.True(PeerCommand.TryParse(text, out var command, out _));
        Assert.Equal(words.Split('|'), command.Words);
    }

    [Theory]
    [InlineData("", "no program; the form is stdio:COMMAND")]
    [InlineData("   ", "no program")]
    [InlineData("sh -c 'oops", "a quote ' is not closed")]
    public void What_is_no_command_is_refused(string text, string message)
    {
        Assert.False(PeerCommand.TryParse(text, out _, out var error));
        Assert.Contains(message, error);
    }
}
