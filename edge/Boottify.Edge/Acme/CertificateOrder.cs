using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Boottify.Edge.Certificates;

namespace Boottify.Edge.Acme;

/// <summary>A certificate as the CA handed it out, with the key that was made for it.</summary>
/// <param name="Chain">PEM: leaf first.</param>
/// <param name="Key">PKCS #8 PEM.</param>
public sealed record IssuedCertificate(string Chain, string Key);

/// <summary>
/// Gets a certificate for one name from one CA: order, challenge, finalize, download (RFC 8555, 7.4). Every state that the
/// CA may answer with is one to go on from, so an order taken up after a crash, an authorization that is still valid and a
/// repeated finalize all end in the same certificate.
/// </summary>
public sealed class CertificateOrder(AcmeTransport transport, AcmeAccount account, PendingOrders pending, NameProof proof, Budget budget, AuthoritySettings settings, TimeProvider clock)
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(5);
    private const int MostFinalizings = 5;

    /// <param name="before">The certificate that this one follows; null for a first one.</param>
    /// <exception cref="AcmeException">No certificate this time; the problem says why.</exception>
    public async Task<IssuedCertificate> RunAsync(CertificateName name, PublishedCertificate? before, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(s_deadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            for (var first = true; ; first = false)
            {
                try
                {
                    return await OnceAsync(name, before, either.Token);
                }
                catch (AcmeException e) when (first && e.Problem.Status == 404)
                {
                    pending.Drop(name.FileName); // The CA has lost the order while it was under way: begun anew.
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw AcmeException.Because($"The certificate authority did not come to an end within {s_deadline.TotalMinutes} minutes.");
        }
        catch (AcmeException e) when (e.Problem.Status is >= 400 and < 500 and not 429 || e.Fault == AcmeFault.Name)
        {
            pending.Drop(name.FileName); // What was refused will not be taken later.
            throw;
        }
    }

    /// <summary>Gives up what is under way for a name that is no longer wanted. What fails is left to run out at the CA.</summary>
    public async Task AbandonAsync(CertificateName name, CancellationToken cancellation)
    {
        if (await pending.FindAsync(name.FileName, cancellation) is not { } begun) return;
        var order = AcmeOrder.From(await account.PostAsync(begun.Order, "", cancellation), begun.Order);
        foreach (var authorization in order.Status == "pending" ? order.Authorizations : []) await proof.DeactivateAsync(authorization, cancellation);
    }

    private async Task<IssuedCertificate> OnceAsync(CertificateName name, PublishedCertificate? before, CancellationToken cancellation)
    {
        var kind = before is null ? OrderKind.New : OrderKind.Renewal;
        var taken = false;
        try
        {
            if (await ResumeAsync(name, cancellation) is not { } begun)
            {
                (var answer, kind) = await PlaceAsync(name, before, () => taken = true, cancellation);
                begun = await NoteAsync(name, answer, cancellation);
            }

            var issued = await FinishAsync(name, begun.Order, begun.Key, cancellation);
            budget.Issued(name, kind);
            return issued;
        }
        catch (AcmeException e) when (e.Fault == AcmeFault.Name)
        {
            budget.Refused(name);
            throw;
        }
        finally
        {
            if (taken && kind == OrderKind.New) budget.End(name);
        }
    }

    private async Task<(AcmeOrder Order, string Key)?> ResumeAsync(CertificateName name, CancellationToken cancellation)
    {
        if (await pending.FindAsync(name.FileName, cancellation) is not { } known) return null;
        try
        {
            var order = AcmeOrder.From(await account.PostAsync(known.Order, "", cancellation), known.Order);
            if (order.Status is "pending" or "ready" or "processing" or "valid") return (order, known.Key);
        }
        catch (AcmeException e) when (e.Problem.Status is >= 400 and < 500 and not 429)
        {
            // The CA has forgotten it, or it was another account's.
        }

        pending.Drop(name.FileName);
        return null;
    }

    private async Task<(AcmeOrder Order, string Key)> NoteAsync(CertificateName name, AcmeAnswer answer, CancellationToken cancellation)
    {
        var address = answer.Location ?? throw AcmeException.Because("The certificate authority gave the order no address.");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportPkcs8PrivateKeyPem();
        await pending.StoreAsync(name.FileName, new PendingOrders.Pending(address, pem), cancellation);
        return (AcmeOrder.From(answer, address), pem);
    }

    private async Task<(AcmeAnswer Answer, OrderKind Kind)> PlaceAsync(CertificateName name, PublishedCertificate? before, Action taken, CancellationToken cancellation)
    {
        var url = await transport.AddressOfAsync("newOrder", cancellation);
        var wish = new JsonObject { ["identifiers"] = new JsonArray(new JsonObject { ["type"] = "dns", ["value"] = name.ToString() }) };
        if (settings.Profile is { } profile && (await transport.DirectoryAsync(cancellation))["meta"]?["profiles"] is JsonObject offered && offered.ContainsKey(profile))
            wish["profile"] = profile;
        if (before?.RenewalId is { } replaces && await transport.FindAsync("renewalInfo", cancellation) is not null)
        {
            wish["replaces"] = replaces;
            try
            {
                return (await account.PostAsync(url, wish.ToJsonString(), cancellation), OrderKind.Suggested);
            }
            catch (AcmeException e) when (e.Problem.Status is >= 400 and < 500 and not 429)
            {
                wish.Remove("replaces"); // Replaced already (409 alreadyReplaced), or by a CA that does not know the old one: then as any other.
            }
        }

        var kind = before is null ? OrderKind.New : OrderKind.Renewal;
        budget.Take(name, kind);
        taken();
        return (await account.PostAsync(url, wish.ToJsonString(), cancellation), kind);
    }

    private async Task<IssuedCertificate> FinishAsync(CertificateName name, AcmeOrder order, string key, CancellationToken cancellation)
    {
        if (order.Status == "pending")
        {
            foreach (var authorization in order.Authorizations) await proof.RunAsync(name, authorization, cancellation);
            order = await PollAsync(order, "pending", cancellation);
        }

        for (var finalizing = 1; order.Status == "ready"; finalizing++)
        {
            order = await FinalizeAsync(name, order, key, finalizing, cancellation);
            if (order.Status == "ready") await Task.Delay(Polling.Pause(finalizing, order.RetryAfter), clock, cancellation);
        }

        order = await PollAsync(order, "processing", cancellation);
        if (order.Status != "valid" || order.Certificate is not { } certificate)
        {
            pending.Drop(name.FileName);
            throw AcmeException.OfProof(order.Error ?? new AcmeProblem("", $"The order ended as {order.Status}.", 0, []));
        }

        return new IssuedCertificate(await ChainChoice.DownloadAsync(account, certificate, settings.Chain, cancellation), key);
    }

    private async Task<AcmeOrder> PollAsync(AcmeOrder order, string until, CancellationToken cancellation)
    {
        for (var look = 0; order.Status == until; look++)
        {
            // What proves the last authorization makes the order ready: the first look needs no pause.
            if (until != "pending" || look > 0) await Task.Delay(Polling.Pause(look, order.RetryAfter), clock, cancellation);
            order = AcmeOrder.From(await account.PostAsync(order.Url, "", cancellation), order.Url);
        }

        return order;
    }

    private async Task<AcmeOrder> FinalizeAsync(CertificateName name, AcmeOrder order, string pem, int time, CancellationToken cancellation)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name.ToString());
        request.CertificateExtensions.Add(names.Build());
        var payload = new JsonObject { ["csr"] = Base64Url.EncodeToString(request.CreateSigningRequest()) };
        try
        {
            return AcmeOrder.From(await account.PostAsync(order.Finalize ?? throw AcmeException.Because("The order has no address to finalize it."), payload.ToJsonString(), cancellation), order.Url);
        }
        catch (AcmeException e) when (e.Problem.Type is "orderNotReady" or "malformed")
        {
            // Finalized before a crash, or by a request whose answer was lost? Then the order has gone on. Said to be ready by one of
            // the CA's machines, and not yet by another? Then a moment later.
            var now = AcmeOrder.From(await account.PostAsync(order.Url, "", cancellation), order.Url);
            if (now.Status is "processing" or "valid" || (now.Status == "ready" && e.Problem.Type == "orderNotReady" && time < MostFinalizings)) return now;
            throw;
        }
    }
}
