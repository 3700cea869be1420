using System.Collections;
using System.Reflection;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Hotplug.Bitmap;
using Hotplug.Contract;
using Hotplug.Contract.Machines;
using Hotplug.Contract.Rules;
using Hotplug.Contract.Traces;
using Hotplug.Engine.Run;
using Hotplug.Generators;
using Hotplug.Model;
using Xunit;
using Runner = Hotplug.Engine.Run.Runner;

namespace Hotplug.Properties;

/// <summary>
/// States of the model are values: exploration and the search for shorter ways take two for one where they are equal.
/// Everything that a state is made of decides whether it is, and nothing else does.
/// </summary>
[Properties(MaxTest = 100, Replay = "20191024,183", QuietOnSuccess = true)]
[TestCaseOrderer("Hotplug.Properties.PropertiesFirst", "Hotplug.Properties")]
public sealed class ModelStateProperties
{
    private const int Operations = 60;

    // The machine is the same in every state; free pages are a hint for generators; names that were never used differ
    // between two ways to one state.
    private static readonly string[] s_noPart = ["Spec", "FreePages", "NextDevice", "NextAllocation"];

    [Property]
    public Property A_state_is_what_it_is_made_of() => Prop.ForAll(Seeds.Any, static seed =>
    {
        object? before = null;
        foreach (var state in Walk(seed))
        {
            var copy = Copy(state);
            Assert.True(state.Equals(copy), "a copy is another state");
            Assert.Equal(state.GetHashCode(), copy.GetHashCode());
            if (before is not null)
                Differ(state, before, "State");
            before = state;
        }
    });

    /// <summary>What is done and undone leaves no trace, and of some things the order is of no account.</summary>
    [Theory]
    [InlineData("", "alloc a1 pages=2|free a1", "")]
    [InlineData("", "contig a1 at=d0.b0 pages=1|contig-free a1", "")]
    [InlineData("alloc a1 pages=2", "get a1[0]|put a1[0]", "")]
    [InlineData("alloc a1 pages=2", "get a1[1]|get a1[0]|free a1|put a1[1]|put a1[0]", "free a1")]
    [InlineData("", "poison d0.b0+0|unpoison d0.b0+0", "")]
    [InlineData("", "poison d0.b0+0|poison d0.b0+1", "poison d0.b0+1|poison d0.b0+0")]
    [InlineData("", "inflate pages=2|deflate pages=2", "")]
    [InlineData("", "inflate pages=2|deflate pages=1", "inflate pages=1")]
    [InlineData("", "plug m1 sub-blocks=2|unplug m1 sub-blocks=2", "")]
    [InlineData("", "add d1 pages=2|remove d1", "")]
    [InlineData("add d1 pages=4 owner=hyper-v", "back d1.b0+0|back d1.b0+1|back d1.b1+1", "back d1.b1+1|back d1.b0+1|back d1.b0+0")]
    [InlineData("add d1 pages=4 owner=hyper-v", "back d1.b0+0|back d1.b0+1", "back d1.b0+0 pages=2")]
    [InlineData("add d1 pages=4 owner=hyper-v", "back d1.b0+1|back d1.b0+0|back d1.b1+0", "back d1.b0+0 pages=2|back d1.b1+0")]
    public void Two_ways_lead_to_one_state(string to, string one, string other)
    {
        const string Machine = "spec pageblock=1 section=2 max-order=1 descriptor-bytes=64 boot=2 dimm-first=2 dimm=2 "
            + "balloon=virtio,hyper-v device-memory=4+1/1@0 online-callbacks=list";
        Assert.Equal(End(one), End(other));

        object End(string way)
        {
            var text = string.Join('\n', [TraceText.Header, Machine, .. to.Split('|'), .. way.Split('|')]) + "\n";
            Assert.True(TraceText.TryParse(text, out var trace, out var error), error?.ToString());
            using var machine = BitmapMachine.Create();
            var collector = new Collector(new ReferenceModel());
            var runner = new Runner(machine, new Suite(collector, []));
            Assert.True(Patience.Walk(runner, trace.Spec, new TraceSource(trace.Operations), Operations) == Verdict.Conforms,
                runner.Violation?.ToString());
            Assert.All(runner.LastResult.Answers, static answer => Assert.True(answer.IsOk, answer.ToString()));
            return collector.States[^1];
        }
    }

    private static List<object> Walk(ulong seed)
    {
        using var machine = BitmapMachine.Create();
        var collector = new Collector(new ReferenceModel());
        var runner = new Runner(machine, new Suite(collector, []));
        Assert.Equal(Verdict.Conforms, Patience.Walk(runner, new Sequences(), seed, Operations));
        return collector.States;
    }

    // With one part taken from another value of its kind it is another value; so is what it is a part of.
    private static void Differ(object value, object other, string what)
    {
        foreach (var part in Parts(value))
        {
            var (mine, theirs) = (part.GetValue(value), part.GetValue(other));
            if (IsSame(mine, theirs))
                continue;
            var mixed = Copy(value);
            part.SetValue(mixed, theirs);
            Assert.False(mixed.Equals(value) || value.Equals(mixed), $"{what}.{part.Name} makes no difference: {mine} and {theirs}");
            if (mine is not null && theirs is not null)
                DifferInside(mine, theirs, $"{what}.{part.Name}");
        }
    }

    private static void DifferInside(object mine, object theirs, string what)
    {
        if (mine is IEnumerable list && theirs is IEnumerable others and not string)
        {
            foreach (var (one, another) in list.Cast<object>().Zip(others.Cast<object>()))
                DifferInside(one, another, what);
        }
        else if (IsRecord(mine) && mine.GetType() == theirs.GetType())
        {
            Differ(mine, theirs, what);
        }
    }

    private static bool IsSame(object? one, object? other) => one is IEnumerable list and not string && other is IEnumerable others
        ? list.Cast<object>().SequenceEqual(others.Cast<object>())
        : Equals(one, other);

    // What is equal must be so although nothing in it is the same object.
    private static object Copy(object value)
    {
        var copy = Clone(value);
        foreach (var part in Parts(value))
            if (part.GetValue(value) is { } inner)
                part.SetValue(copy, Rebuild(inner));
        return copy;
    }

    private static object Rebuild(object value)
    {
        var type = value.GetType();
        if (IsRecord(value))
            return Copy(value);
        if (!type.IsGenericType || value is not IEnumerable list || type.Name != "ImmutableArray`1")
            return value;
        if ((bool)type.GetProperty("IsDefault")!.GetValue(value)!)
            return value;
        var element = type.GetGenericArguments()[0];
        var items = list.Cast<object>().Select(Rebuild).ToArray();
        var array = Array.CreateInstance(element, items.Length);
        items.CopyTo(array, 0);
        return typeof(System.Collections.Immutable.ImmutableArray).GetMethods()
            .Single(static m => m.Name == "Create" && m.GetParameters() is [{ ParameterType.IsArray: true }])
            .MakeGenericMethod(element).Invoke(null, [array])!;
    }

    private static object Clone(object value) => value.GetType().IsValueType
        ? typeof(object).GetMethod("MemberwiseClone", BindingFlags.NonPublic | BindingFlags.Instance)!.Invoke(value, null)!
        : value.GetType().GetMethod("<Clone>$")!.Invoke(value, null)!;

    private static bool IsRecord(object value) => value.GetType().Namespace == "Hotplug.Model.States";

    private static IEnumerable<PropertyInfo> Parts(object value) =>
        value.GetType().GetProperties().Where(static p => p.CanWrite && !s_noPart.Contains(p.Name));

    private sealed class Collector(ISpecification inner) : ISpecification
    {
        internal List<object> States { get; } = [];

        public Judgement Begin(Transition start) => Kept(inner.Begin(start));

        public Judgement Judge(object state, Transition seen) => Kept(inner.Judge(state, seen));

        public object Retain(object state) => inner.Retain(state);

        public void Describe(object state, Menu menu) => inner.Describe(state, menu);

        private Judgement Kept(Judgement judgement)
        {
            if (judgement.Next is { } state)
                States.Add(state);
            return judgement;
        }
    }
}
