namespace Boottify.Deployments;

/// <summary>
/// A step failed for a reason that its user can act on; the message is shown to them as it is, and never holds a secret.
/// Any other exception out of a step is taken for a passing fault, and the step is tried again.
/// </summary>
public sealed class StepException : Exception
{
    public StepException(string message)
        : base(message)
    {
    }

    public StepException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public StepException()
    {
    }
}
