using Boottify.Apps;
using Boottify.Contracts.Edge;
using Boottify.Platform;
using Boottify.Routes;

namespace Boottify.Domains;

/// <summary>Finds out how it stands with a domain: its proof, where it leads, who may issue, and whether the edge is what answers there. Changes nothing.</summary>
public sealed class DomainInspection(Preflight preflight, SelfCheck selfCheck, IEdge edge, DomainSettings settings, PlatformSettings platform, ILogger<DomainInspection> log)
{
    private static readonly TimeSpan PatienceWithEdge = TimeSpan.FromSeconds(3);

    public async Task<DomainFindings> FindAsync(Domain domain, App app, CancellationToken cancellation)
    {
        var (found, pointing) = await AskServersAsync(domain, app, cancellation);
        if (domain.Stage == DomainStage.Edge || found is not { Proof: null, Dns: null } || pointing is null)
            return found;
        return found with { Dns = await SelfCheckAsync(domain, pointing, cancellation) };
    }

    private async Task<(DomainFindings Found, Pointing? Pointing)> AskServersAsync(Domain domain, App app, CancellationToken cancellation)
    {
        var host = app.Names.Host(platform.Domain);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Not ours, they could hold up the looks at all others.
        patience.CancelAfter(settings.LookLimit);
        var slow = PreflightJudgement.TooSlow(domain.Host, settings.LookLimit);
        var found = new DomainFindings(slow, ProofIsGone: false, Dns: null);
        try
        {
            var answer = await preflight.ProofAsync(domain.ProofName, patience.Token);
            var proof = PreflightJudgement.OfProof(domain, answer);
            found = new DomainFindings(proof, proof is not null && !answer.SaysNothing, slow);
            if (proof is not null && domain.Stage == DomainStage.Ownership)
                return (found with { Dns = null }, null);
            var pointing = await preflight.PointingAsync(domain.Host, host, patience.Token);
            var dns = PreflightJudgement.OfPointing(pointing, host, platform.EdgeAddresses)
                ?? PreflightJudgement.OfIssuers(domain.Host, await preflight.IssuerPolicyAsync(domain.Host, patience.Token), settings.Issuers);
            return (found with { Dns = dns }, pointing);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (found, null);
        }
    }

    /// <summary>
    /// At each address that the servers have just named, all of which are ours. One that cannot be seen from here holds nothing up
    /// as long as another one is right: a control plane without IPv6 may have an edge that has it.
    /// </summary>
    private async Task<Trouble?> SelfCheckAsync(Domain domain, Pointing pointing, CancellationToken cancellation)
    {
        if (!HostName.TryParse(domain.Host, out var host, out _))
            throw new InvalidOperationException($"The domain {domain.Host} was stored though it is no host name.");
        var (isRight, unseen) = (false, (Trouble?)null);
        foreach (var address in pointing.Targets(platform.EdgeAddresses))
        {
            var seen = await selfCheck.AskAsync(host, address, cancellation);
            var trouble = SelfCheckJudgement.Of(domain.Host, seen);
            if (seen.Answer == SelfCheckAnswer.Unseen)
            {
                log.LogWarning("{Address} of BOOTTIFY_EDGE_ADDRESS cannot be reached from this machine: {Reason}", address, seen.Detail);
                unseen ??= trouble;
            }
            else if (trouble is not null)
            {
                return await EdgesAnswerAsync(domain, cancellation) ? trouble : SelfCheckJudgement.EdgeIsAway(domain.Host, seen);
            }
            else
            {
                isRight = true;
            }
        }

        return isRight ? null : unseen;
    }

    /// <summary>Whether each is reached by the way on which it is told of routes; what is wrong is not the owner's otherwise.</summary>
    private async Task<bool> EdgesAnswerAsync(Domain domain, CancellationToken cancellation)
    {
        if (await edge.AllAnswerAsync(PatienceWithEdge, cancellation))
            return true;
        log.LogWarning("The self-check of {Domain} failed, and an edge does not answer", domain.Host);
        return false;
    }
}
