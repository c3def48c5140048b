namespace Boottify.Deployments;

/// <summary>What an earlier step made is gone, as an image is with the machine that built it: that step runs again first.</summary>
public sealed class LostResultException : Exception
{
    public LostResultException(Step from, string message, Exception? inner)
        : base(message, inner) => From = from;

    public LostResultException(string message)
        : base(message)
    {
    }

    public LostResultException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public LostResultException()
    {
    }

    /// <summary>The step to run again.</summary>
    public Step From { get; }
}
