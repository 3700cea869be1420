namespace Hotplug.Contract.Machines;

/// <summary>How an operation ended.</summary>
public enum Completion : byte
{
    /// <summary>It returned, with an errno or without.</summary>
    Finished,
    /// <summary>It did not end by itself until it was interrupted; whatever it did was rolled back (EINTR).</summary>
    Unfinished,
    /// <summary>It goes on and may complete inside a later operation.</summary>
    Pending,
    /// <summary>A name is not bound: the engine answered, the machine was not called.</summary>
    Unbound,
    /// <summary>The hypervisor refused it before the machine saw it.</summary>
    Rejected,
}

/// <summary>What an operation answered. <c>default</c> is success.</summary>
/// <param name="Completion">How it ended.</param>
/// <param name="Errno">The error number; <see cref="Errno.None"/> unless finished.</param>
public readonly record struct Answer(Completion Completion, Errno Errno)
{
    /// <summary>Finished without an error.</summary>
    public static Answer Ok => default;

    /// <summary>Did not end by itself.</summary>
    public static Answer Unfinished => new(Completion.Unfinished, Errno.None);

    /// <summary>Goes on.</summary>
    public static Answer Pending => new(Completion.Pending, Errno.None);

    /// <summary>A name was not bound.</summary>
    public static Answer Unbound => new(Completion.Unbound, Errno.None);

    /// <summary>Refused by the hypervisor.</summary>
    public static Answer Rejected => new(Completion.Rejected, Errno.None);

    /// <summary>Finished with this error number.</summary>
    public static Answer Of(Errno errno) => new(Completion.Finished, errno);

    /// <summary>True for finished without an error.</summary>
    public bool IsOk => Completion == Completion.Finished && Errno == Errno.None;

    /// <summary>True for finished with an error.</summary>
    public bool IsErrno => Completion == Completion.Finished && Errno != Errno.None;

    /// <summary>Prints <c>ok</c>, the errno, <c>unfinished</c>, <c>pending</c>, <c>unbound</c> or
    /// <c>rejected</c>.</summary>
    public override string ToString() =>
        Completion == Completion.Finished ? ErrnoText.Print(Errno) : Words.Of(Completion);
}
