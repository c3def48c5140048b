using Boottify.Edge.Certificates;

namespace Boottify.Edge.Peers;

/// <summary>What edges tell each other around an order, while the lease on its name is held: nobody else can begin one in between.</summary>
public sealed class SharedLimits(SharedTroubles troubles, SharedUses uses, NameLeases leases, TimeProvider clock, ILogger<SharedLimits> log)
{
    /// <summary>What all edges know of the name, when it may be tried now.</summary>
    /// <exception cref="KnownTroubleException">It may not.</exception>
    /// <exception cref="PeersAwayException">Nobody can say.</exception>
    public async Task<Trouble?> BeforeAsync(CertificateName name, Trouble? mine, CancellationToken cancellation)
    {
        var known = await troubles.MeetAsync(name, mine, cancellation);
        if (known?.NextAttempt > clock.GetUtcNow()) throw new KnownTroubleException(known);
        await uses.ExchangeAsync(cancellation);
        return known;
    }

    /// <summary>Nobody can say what others are at: this edge counts what it knows.</summary>
    public void Alone() => uses.ForgetElsewhere();

    /// <summary>The order failed. The others are told, unless it is this edge's own matter.</summary>
    /// <param name="serial">Of the certificate that this edge has; null for none.</param>
    /// <param name="known">What was known before it.</param>
    /// <returns>What is known now.</returns>
    public async Task<Trouble> FailedAsync(CertificateName name, string? serial, Trouble trouble, Trouble? known, CancellationToken cancellation)
    {
        var counted = trouble.Here ? trouble : trouble.CountedFor(await leases.NodeAsync(cancellation), known);
        await TellAsync(name, () => counted.Here ? Task.CompletedTask : troubles.PutAsync(name, serial, counted.ForOthers(clock.GetUtcNow()), cancellation), cancellation);
        return counted;
    }

    /// <summary>It gave a certificate, which the others have by now.</summary>
    public Task SucceededAsync(CertificateName name, Trouble? known, CancellationToken cancellation) =>
        TellAsync(name, () => known is null ? Task.CompletedTask : troubles.RemoveAsync(name.ToString(), cancellation), cancellation);

    private async Task TellAsync(CertificateName name, Func<Task> outcome, CancellationToken cancellation)
    {
        try
        {
            await outcome();
            await uses.TellAsync(cancellation);
        }
        catch (PeersAwayException e)
        {
            log.LogWarning("The other edges learn later what came of the order for {Name}: {Reason}", name, e.Message);
        }
    }
}
