using System.Text.Json;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Observations;

namespace Hotplug.Contract.Wire;

/// <summary>Writes replies, one line each, into a reused buffer.</summary>
public sealed class ReplyWriter
{
    private static readonly JsonEncodedText s_hello = JsonEncodedText.Encode("hello");
    private static readonly JsonEncodedText s_reset = JsonEncodedText.Encode("reset");
    private static readonly JsonEncodedText s_outcome = JsonEncodedText.Encode("outcome");
    private static readonly JsonEncodedText s_observation = JsonEncodedText.Encode("observation");
    private static readonly JsonEncodedText s_bye = JsonEncodedText.Encode("bye");
    private static readonly JsonEncodedText s_error = JsonEncodedText.Encode("error");
    private static readonly JsonEncodedText s_answer = JsonEncodedText.Encode("answer");
    private static readonly JsonEncodedText s_witness = JsonEncodedText.Encode("witness");
    private static readonly JsonEncodedText s_effects = JsonEncodedText.Encode("effects");
    private static readonly JsonEncodedText s_ok = JsonEncodedText.Encode("ok");

    private readonly WireWriter _writer = new();

    /// <summary>The lines written since <see cref="Clear"/>, ends included; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Lines => _writer.Lines;

    /// <summary>Forgets the lines.</summary>
    public void Clear() => _writer.Clear();

    /// <summary>Who this is.</summary>
    public void Hello(WireHello hello)
    {
        _writer.Begin(s_hello);
        var json = _writer.Json;
        json.WriteNumber("protocol", hello.Protocol);
        json.WriteString("name", hello.Machine.Name);
        json.WriteString("version", hello.Machine.Version);
        WriteWords("levels", LevelsText.All.Where(l => hello.Machine.Levels.HasFlag(l.Level))
            .Select(static l => l.Word));
        WriteWords("visible", VisibilityText.All.Where(v => hello.Machine.Visible.HasFlag(v.Visibility))
            .Select(static v => v.Word));
        WriteWords("capabilities", hello.Capabilities);
        _writer.End();
    }

    /// <summary>The machine stands.</summary>
    public void Reset() => WriteEmpty(s_reset);

    /// <summary>What an operation answered, chose and did.</summary>
    public void Outcome(Outcome outcome)
    {
        _writer.Begin(s_outcome);
        var json = _writer.Json;
        if (outcome.Answer.IsOk)
            json.WriteString(s_answer, s_ok);
        else
            json.WriteString(s_answer, outcome.Answer.ToString());
        if (!outcome.Witness.IsEmpty)
            WriteWitness(json, outcome.Witness);
        if (!outcome.Effects.IsEmpty)
            WriteEffects(json, outcome.Effects);
        if (outcome.Log.Length > 0)
            json.WriteString("log", outcome.Log);
        _writer.End();
    }

    /// <summary>
    /// What can be seen: everything, or those blocks only, which may be gone, and everything that is no block.
    /// </summary>
    public void Observation(Observation seen, IReadOnlyList<int>? blocks)
    {
        _writer.Begin(s_observation);
        ObservationEncoder.Write(_writer.Json, seen, blocks);
        _writer.End();
    }

    /// <summary>The last line.</summary>
    public void Bye() => WriteEmpty(s_bye);

    /// <summary>
    /// In place of what was asked for: one of the error words of <see cref="WireProtocol"/>, and why.
    /// </summary>
    public void Error(string code, string message)
    {
        _writer.Begin(s_error);
        _writer.Json.WriteString("code", code);
        _writer.Json.WriteString("message", message);
        _writer.End();
    }

    private static void WriteWitness(Utf8JsonWriter json, ReadOnlySpan<Witness> witnesses)
    {
        json.WriteStartArray(s_witness);
        foreach (ref readonly var witness in witnesses)
        {
            json.WriteStartArray();
            json.WriteStringValue(WireWords<WitnessRole>.Of(witness.Role));
            json.WriteNumberValue(witness.Range.Start);
            json.WriteNumberValue(witness.Range.Count);
            if (witness.From >= 0)
                json.WriteNumberValue(witness.From);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void WriteEffects(Utf8JsonWriter json, ReadOnlySpan<Effect> effects)
    {
        json.WriteStartArray(s_effects);
        foreach (ref readonly var effect in effects)
            EffectForm.Write(json, effect);
        json.WriteEndArray();
    }

    private void WriteEmpty(JsonEncodedText name)
    {
        _writer.Begin(name);
        _writer.End();
    }

    private void WriteWords(string name, IEnumerable<string> words)
    {
        _writer.Json.WriteStartArray(name);
        foreach (var word in words)
            _writer.Json.WriteStringValue(word);
        _writer.Json.WriteEndArray();
    }
}
