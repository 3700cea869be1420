using System.Collections.Immutable;
using System.Text;

namespace Hotplug.Adapters.Stdio;

/// <summary>How a peer is started: a program and its arguments. No shell is involved.</summary>
/// <param name="Words">The program, then its arguments.</param>
public sealed record PeerCommand(ImmutableArray<string> Words)
{
    /// <summary>
    /// Reads words separated by blanks; <c>'…'</c> and <c>"…"</c> keep blanks, a backslash outside of <c>'…'</c> keeps
    /// the next character. False: <paramref name="error"/> says what is wrong.
    /// </summary>
    public static bool TryParse(string text, out PeerCommand command, out string error)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        var word = new StringBuilder();
        var inWord = false;
        var quote = '\0';
        error = "";
        command = new PeerCommand([]);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
                word.Append(text[++i]);
            else if (quote != '\0' ? c == quote : c is '\'' or '"')
                quote = quote == '\0' ? c : '\0';
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord)
                    words.Add(word.ToString());
                word.Clear();
                inWord = false;
                continue;
            }
            else
                word.Append(c);
            inWord = true;
        }

        if (inWord)
            words.Add(word.ToString());
        if (quote != '\0')
            error = $"a quote {quote} is not closed";
        else if (words.Count == 0)
            error = "no program; the form is stdio:COMMAND, such as 'stdio:./my-machine --fast'";
        command = new PeerCommand(words.ToImmutable());
        return error.Length == 0;
    }

    /// <summary>Prints the words, for people.</summary>
    public override string ToString() => string.Join(' ', Words);
}

/// <summary>What a peer is given.</summary>
public sealed record StdioOptions
{
    /// <summary>How long every reply may take; twice that for the hello of a fresh process.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock that tells.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// The folder that the program starts in, and that its relative path starts from; null: the current one.
    /// </summary>
    public string? Folder { get; init; }
}
