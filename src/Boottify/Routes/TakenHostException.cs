namespace Boottify.Routes;

/// <summary>The edge has one of the hosts in another app's route.</summary>
public sealed class TakenHostException : Exception
{
    public TakenHostException(string host, string message)
        : base(message) => Host = host;

    public TakenHostException(string message)
        : base(message)
    {
    }

    public TakenHostException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public TakenHostException()
    {
    }

    public string Host { get; } = "";
}
