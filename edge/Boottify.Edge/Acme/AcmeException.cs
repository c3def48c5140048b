namespace Boottify.Edge.Acme;

/// <summary>Whose matter it is that there is no certificate.</summary>
public enum AcmeFault
{
    /// <summary>The CA's: unreachable, overloaded, its limits, its policy. Another one may issue.</summary>
    Authority,

    /// <summary>The name's: it could not be verified, and no other CA could verify it.</summary>
    Name,

    /// <summary>This machine's or the platform's.</summary>
    Ours,

    /// <summary>What the CA allows is used up, by our own count: nothing was asked.</summary>
    Budget,
}

/// <summary>The CA refused, or could not be reached.</summary>
/// <param name="retryAfter">When the CA asked to be asked again.</param>
public sealed class AcmeException(AcmeProblem problem, TimeSpan? retryAfter = null, Exception? inner = null, AcmeFault fault = AcmeFault.Authority) : Exception(problem.ToString(), inner)
{
    private static readonly HashSet<string> s_ofTheName = ["dns", "connection", "unauthorized", "tls", "incorrectResponse"];

    public AcmeProblem Problem { get; } = problem;
    public TimeSpan? RetryAfter { get; } = retryAfter;
    public AcmeFault Fault { get; } = fault;

    /// <summary>What an order, an authorization or a challenge ended with. The same types as an answer to a request, such as <c>unauthorized</c>, are about the account.</summary>
    public static AcmeException OfProof(AcmeProblem problem) =>
        new(problem, fault: s_ofTheName.Contains(problem.Type) || problem.Subproblems.Any(sub => s_ofTheName.Contains(sub.Type)) ? AcmeFault.Name : AcmeFault.Authority);

    public static AcmeException Because(string detail, Exception? inner = null) => new(new AcmeProblem("", detail, 0, []), null, inner);

    /// <summary>No CA has a part in it.</summary>
    public static AcmeException Ours(string detail, Exception? inner = null) => new(new AcmeProblem("", detail, 0, []), null, inner, AcmeFault.Ours);

    public static AcmeException OutOfBudget(string detail, TimeSpan wait) => new(new AcmeProblem("", detail, 0, []), wait, null, AcmeFault.Budget);
}
