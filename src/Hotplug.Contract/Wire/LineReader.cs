namespace Hotplug.Contract.Wire;

/// <summary>How reading a line ended.</summary>
public enum LineEnd
{
    /// <summary>With its end.</summary>
    Whole,
    /// <summary>The stream ended and nothing was left.</summary>
    EndOfStream,
    /// <summary>The stream ended in the middle of a line.</summary>
    Truncated,
    /// <summary>The line is too long. Its rest is skipped when the next one is read.</summary>
    TooLong,
}

/// <summary>Reads lines from a stream into a reused buffer, none longer than a limit.</summary>
/// <param name="stream">Where they come from.</param>
/// <param name="mostBytes">Bytes of the longest line, its end not counted.</param>
public sealed class LineReader(Stream stream, int mostBytes)
{
    private const byte NewLine = (byte)'\n';

    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private bool _skipping;

    /// <summary>
    /// Reads the next line. <paramref name="line"/> is without its end (a carriage return before it is dropped), valid
    /// until the next call; of a line that is truncated or too long it is what was read of it.
    /// </summary>
    public LineEnd Read(out ReadOnlyMemory<byte> line)
    {
        var looked = 0;
        while (true)
        {
            var found = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf(NewLine);
            if (found >= 0)
            {
                line = Take(looked + found);
                if (!_skipping)
                    return line.Length <= mostBytes ? LineEnd.Whole : LineEnd.TooLong;
                _skipping = false;
                looked = 0;
                continue;
            }

            looked = _end - _start;
            if (looked > mostBytes + 1)
            {
                line = _buffer.AsMemory(_start, mostBytes);
                _start = _end;
                if (!_skipping)
                {
                    _skipping = true;
                    return LineEnd.TooLong;
                }

                looked = 0;
            }

            if (!Fill())
            {
                line = _buffer.AsMemory(_start, _end - _start);
                _start = _end;
                return line.IsEmpty || _skipping ? LineEnd.EndOfStream : LineEnd.Truncated;
            }
        }
    }

    private ReadOnlyMemory<byte> Take(int length)
    {
        var line = _buffer.AsMemory(_start, length);
        _start += length + 1;
        return !line.IsEmpty && line.Span[^1] == (byte)'\r' ? line[..^1] : line;
    }

    private bool Fill()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            var target = _start > 0 ? _buffer : new byte[_buffer.Length * 2];
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            _buffer = target;
            _end -= _start;
            _start = 0;
        }

        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
