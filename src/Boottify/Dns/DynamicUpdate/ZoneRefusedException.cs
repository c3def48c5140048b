namespace Boottify.Dns.DynamicUpdate;

/// <summary>The name server refuses, or what answers is not it: the same again would end the same way.</summary>
public sealed class ZoneRefusedException : Exception
{
    public ZoneRefusedException(string message)
        : base(message)
    {
    }

    public ZoneRefusedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public ZoneRefusedException()
    {
    }
}
