namespace Boottify.Edge.Certificates;

/// <summary>Nothing was tried: what another edge has met says that it is too early, also for this one. <see cref="Trouble"/> is what all of them know.</summary>
public sealed class KnownTroubleException(Trouble trouble) : Exception(trouble.Reason)
{
    public Trouble Trouble { get; } = trouble;
}
