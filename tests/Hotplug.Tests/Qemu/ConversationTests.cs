using System.Net.Sockets;
using System.Text;
using Hotplug.Adapters.Qemu;
using Hotplug.Contract.Machines;
using Xunit;

namespace Hotplug.Tests.Qemu;

/// <summary>What a guest and QEMU may say that nobody expects: every time the harness fails, and tells why.</summary>
public sealed class ConversationTests : IDisposable
{
    private const string Greeting = "{\"QMP\":{\"version\":{}}}\n";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("hotplug-talk").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public ConversationTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Socket));
        _listener.Listen(1);
    }

    private string Socket => Path.Combine(_folder, "socket");

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("%&/()\n", "QEMU's monitor sent '%&/()': not QMP")]
    [InlineData("[1, 2]\n", "QEMU's monitor sent '[1, 2]': not QMP")]
    [InlineData("null\n", "QEMU's monitor sent 'null': not QMP")]
    [InlineData("{\"hello\":1}\n", "QEMU's monitor does not greet: it speaks no QMP")]
    [InlineData(Greeting + "gibberish\n", "QEMU's monitor sent 'gibberish': not QMP")]
    [InlineData(Greeting + "{\"error\":{\"class\":\"X\",\"desc\":\"no\"}}\n", "QEMU refused 'qmp_capabilities': no")]
    public void A_monitor_that_talks_nonsense_is_a_harness_that_fails(string says, string problem)
    {
        using var peer = Say(says);
        var failure = Assert.Throws<HarnessException>(() => QmpClient.Connect(Socket, s_patience, static () => false));
        Assert.Equal(problem, failure.Message);
    }

    [Fact]
    public void A_monitor_that_hangs_up_is_told()
    {
        using var peer = Say(Greeting, andHangUp: true);
        Assert.Throws<DisconnectedException>(() => QmpClient.Connect(Socket, s_patience, static () => false));
    }

    [Fact]
    public void A_monitor_that_never_listens_is_told()
    {
        var failure = Assert.Throws<HarnessException>(
            () => QmpClient.Connect(Path.Combine(_folder, "nobody"), s_patience, static () => true));
        Assert.StartsWith("QEMU's monitor does not listen", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gibberish\n", "the guest's agent sent 'gibberish': not a JSON object")]
    [InlineData("{\"id\":1,\"bad\":\"unknown verb 'read'\"}\n", "the guest's agent did not understand us: unknown verb 'read'")]
    public void An_agent_that_talks_nonsense_is_a_harness_that_fails(string says, string problem)
    {
        using var peer = Say(says);
        using var agent = new AgentClient(Connect(), s_patience);
        Assert.Equal(problem, Assert.Throws<HarnessException>(() => agent.Ask("read")).Message);
    }

    [Fact]
    public void An_agent_of_another_version_is_told_with_what_mends_it()
    {
        using var peer = Say("{\"hello\":99}\n");
        using var agent = new AgentClient(Connect(), s_patience);
        var failure = Assert.Throws<HarnessException>(() => agent.AwaitHello(s_patience));
        Assert.Equal("the guest's agent speaks version 99, expected 1: run scripts/build-agent", failure.Message);
    }

    [Fact]
    public void A_silent_agent_is_told_with_what_it_was_asked()
    {
        using var peer = Say("");
        using var agent = new AgentClient(Connect(), s_moment);
        var failure = Assert.Throws<SilentAgentException>(() => agent.Ask("observe"));
        Assert.Equal("the guest's agent does not answer 'observe' within 0.001 s", failure.Message);
    }

    [Fact]
    public void An_agent_that_was_killed_and_started_again_is_noticed()
    {
        using var peer = Say("{\"hello\":1,\"life\":1}\n");
        using var agent = new AgentClient(Connect(), s_patience);
        Assert.Throws<DisconnectedException>(() => agent.Ask("observe"));
        Assert.True(agent.Restarted);
    }

    private LineSocket Connect() => LineSocket.Connect(Socket, "the guest's agent", s_patience, static () => false);

    private Peer Say(string text, bool andHangUp = false) => new(_listener, text, andHangUp);

    // Takes one connection, says its piece, and holds the connection until it is disposed of.
    private sealed class Peer : IDisposable
    {
        private readonly Thread _thread;
        private readonly ManualResetEventSlim _over = new();

        internal Peer(Socket listener, string text, bool andHangUp)
        {
            if (andHangUp)
                _over.Set();
            _thread = new Thread(() =>
            {
                using var connection = listener.Accept();
                try
                {
                    connection.Send(Encoding.UTF8.GetBytes(text));
                }
                catch (SocketException)
                {
                    // Who lost patience with us has hung up already.
                }

                _over.Wait();
            });
            _thread.Start();
        }

        public void Dispose()
        {
            _over.Set();
            _thread.Join();
            _over.Dispose();
        }
    }
}
