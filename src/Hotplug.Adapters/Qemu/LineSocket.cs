using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Hotplug.Contract.Machines;

namespace Hotplug.Adapters.Qemu;

/// <summary>A Unix socket on which lines go both ways, read with a deadline. One thread at a time.</summary>
internal sealed class LineSocket : IDisposable
{
    private const int LongestLine = 64 << 20;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _what;
    private byte[] _buffer = new byte[64 << 10];
    private int _length;
    private int _searched;

    private LineSocket(string what) => _what = what;

    /// <summary>
    /// Connects; the other side may not listen yet. Throws <see cref="HarnessException"/> after the limit.
    /// </summary>
    internal static LineSocket Connect(string path, string what, TimeSpan limit, Func<bool> isHopeless)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var line = new LineSocket(what);
            try
            {
                line._socket.Connect(new UnixDomainSocketEndPoint(path));
                return line;
            }
            catch (SocketException cause)
            {
                line.Dispose();
                if (isHopeless() || Stopwatch.GetElapsedTime(began) > limit)
                    throw new HarnessException($"{what} does not listen: {cause.Message}", cause);
            }

            Pause.For(TimeSpan.FromMilliseconds(3));
        }
    }

    internal void Send(ReadOnlySpan<byte> line)
    {
        try
        {
            while (!line.IsEmpty)
                line = line[_socket.Send(line)..];
        }
        catch (SocketException cause)
        {
            throw new DisconnectedException($"{_what} closed its connection", cause);
        }
    }

    /// <summary>The next line without its end; null if none came in time.</summary>
    internal ReadOnlyMemory<byte>? Receive(TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var end = _buffer.AsSpan(_searched, _length - _searched).IndexOf((byte)'\n');
            if (end >= 0)
                return Cut(_searched + end);
            _searched = _length;
            var left = limit - Stopwatch.GetElapsedTime(began);
            if (!_socket.Poll(left > TimeSpan.Zero ? left : TimeSpan.Zero, SelectMode.SelectRead))
                return null;
            Fill();
        }
    }

    public void Dispose() => _socket.Dispose();

    private byte[] Cut(int end)
    {
        var line = _buffer.AsSpan(0, end).TrimEnd((byte)'\r').ToArray();
        _buffer.AsSpan(end + 1, _length - end - 1).CopyTo(_buffer);
        _length -= end + 1;
        _searched = 0;
        return line;
    }

    private void Fill()
    {
        if (_length == _buffer.Length)
        {
            if (_length >= LongestLine)
                throw new HarnessException($"{_what} sent a line of more than {LongestLine} bytes, which begins "
                    + $"'{Encoding.UTF8.GetString(_buffer, 0, 60)}'");
            Array.Resize(ref _buffer, _length * 2);
        }

        try
        {
            var count = _socket.Receive(_buffer.AsSpan(_length));
            if (count == 0)
                throw new DisconnectedException($"{_what} closed its connection");
            _length += count;
        }
        catch (SocketException cause)
        {
            throw new DisconnectedException($"{_what} closed its connection", cause);
        }
    }
}
