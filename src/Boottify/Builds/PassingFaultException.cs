namespace Boottify.Builds;

/// <summary>Something outside did not answer as it should and may do so at the next try: the step is to be tried again.</summary>
public sealed class PassingFaultException : Exception
{
    public PassingFaultException(string message)
        : base(message)
    {
    }

    public PassingFaultException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public PassingFaultException()
    {
    }
}
