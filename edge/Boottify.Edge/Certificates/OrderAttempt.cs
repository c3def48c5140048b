using Boottify.Edge.Acme;

namespace Boottify.Edge.Certificates;

/// <summary>No authority issued; <see cref="Trouble"/> says why and when it is tried again.</summary>
public sealed class NotIssuedException(Trouble trouble) : Exception(trouble.Reason)
{
    public Trouble Trouble { get; } = trouble;
}

/// <summary>
/// One attempt to get a certificate for a name: from the first authority that is not at fault itself. A name that could not
/// be verified the last time is tried at the staging authority before, where its next failures cost nothing.
/// </summary>
public sealed class OrderAttempt(Authorities authorities, TimeProvider clock, ILogger<OrderAttempt> log)
{
    /// <returns>Checked, and safe to publish.</returns>
    /// <exception cref="NotIssuedException">None this time.</exception>
    public async Task<(PublishedCertificate Certificate, string Pem)> RunAsync(CertificateName name, PublishedCertificate? before, Trouble? trouble, CancellationToken cancellation)
    {
        if (trouble?.Rehearse is true && authorities.Staging is { } staging) await RehearseAsync(staging, name, trouble, cancellation);
        var each = new Dictionary<string, AuthorityTrouble>(StringComparer.Ordinal);
        foreach (var authority in authorities.Issuing.OrderBy(one => one.Rests))
        {
            if (trouble?.At(authority.Name) is { } waits && waits.NextAttempt > clock.GetUtcNow())
            {
                each[authority.Name] = waits;
                continue;
            }

            try
            {
                var issued = await authority.Order.RunAsync(name, authorities.Replaced(before, authority), cancellation);
                authority.Answered();
                return Check(authority, issued, name);
            }
            catch (AcmeException e) when (e.Fault == AcmeFault.Name)
            {
                throw new NotIssuedException(Trouble.OfName(trouble, e, authorities.Staging is not null, clock.GetUtcNow(), Random.Shared.NextDouble()));
            }
            catch (AcmeException e) when (e.Fault == AcmeFault.Ours)
            {
                throw new NotIssuedException(Trouble.After(trouble, e.Message, null, clock.GetUtcNow(), Random.Shared.NextDouble()));
            }
            catch (AcmeException e)
            {
                if (e.Fault == AcmeFault.Authority && e.Problem.Status is 0 or >= 500) authority.Rest();
                each[authority.Name] = Trouble.OfAuthority(trouble?.At(authority.Name), e, clock.GetUtcNow(), Random.Shared.NextDouble());
                if (authorities.Issuing.Count > 1) log.LogWarning("The {Authority} authority gives no certificate for {Name}: {Reason}", authority.Name, name, e.Message);
            }
        }

        throw new NotIssuedException(Trouble.OfAuthorities(trouble, each));
    }

    /// <summary>What is under way for the name is given up, so that it does not count against the account.</summary>
    public async Task AbandonAsync(CertificateName name, CancellationToken cancellation)
    {
        foreach (var authority in authorities.All)
        {
            try
            {
                await authority.Order.AbandonAsync(name, cancellation);
            }
            catch (AcmeException e)
            {
                log.LogInformation("The order for {Name} is left to run out: {Reason}", name, e.Message);
            }
        }
    }

    public void Forget(CertificateName name)
    {
        foreach (var authority in authorities.All) authority.Pending.Drop(name.FileName);
    }

    private async Task RehearseAsync(Authority staging, CertificateName name, Trouble trouble, CancellationToken cancellation)
    {
        try
        {
            await staging.Order.RunAsync(name, null, cancellation);
            staging.Pending.Drop(name.FileName);
            log.LogInformation("{Name} could be verified by the staging authority: now in earnest", name);
        }
        catch (AcmeException e) when (e.Fault is AcmeFault.Authority or AcmeFault.Budget)
        {
            log.LogWarning("The staging authority cannot say whether {Name} can be verified: {Reason}", name, e.Message);
        }
        catch (AcmeException e)
        {
            var again = Trouble.OfName(trouble, e, rehearse: true, clock.GetUtcNow(), Random.Shared.NextDouble());
            throw new NotIssuedException(again with { Reason = $"{again.Reason} (Asked the staging authority, to spare the limits of the real one.)" });
        }
    }

    private (PublishedCertificate, string) Check(Authority authority, IssuedCertificate issued, CertificateName name)
    {
        try
        {
            var (certificate, pem) = PublishedCertificate.Check(issued, name, clock.GetUtcNow());
            var directory = authority.Settings.Directory;
            return (certificate with { Authority = directory.AbsoluteUri }, IssuerNote.Write(directory, pem));
        }
        catch (AcmeException)
        {
            authority.Pending.Drop(name.FileName); // It would hand out the same one again.
            throw;
        }
    }
}
