using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Boottify.Edge.Challenges;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Acme;

/// <summary>A certificate as the CA handed it out, with the key that was made for it.</summary>
/// <param name="Chain">PEM: leaf first.</param>
/// <param name="Key">PKCS #8 PEM.</param>
public sealed record IssuedCertificate(string Chain, string Key);

/// <summary>
/// Gets a certificate for one host: order, HTTP-01, finalize, download (RFC 8555, 7.4). Every state that the CA may
/// answer with is one to go on from, so an order taken up after a crash, an authorization that is still valid and a
/// repeated finalize all end in the same certificate.
/// </summary>
public sealed class CertificateOrder(AcmeTransport transport, AcmeAccount account, PendingOrders pending, Http01Answers answers, TimeProvider clock)
{
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(5);

    /// <param name="replaces">The certificate that this one follows (RFC 9773, 5), which frees the order from the CA's limits; null for a first one.</param>
    /// <exception cref="AcmeException">No certificate this time; the problem says why.</exception>
    public async Task<IssuedCertificate> RunAsync(HostName host, string? replaces, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(s_deadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            var (order, key) = await ResumeAsync(host, either.Token) ?? await NewAsync(host, replaces, either.Token);
            return await FinishAsync(host, order, key, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw AcmeException.Because($"The certificate authority did not come to an end within {s_deadline.TotalMinutes} minutes.");
        }
        catch (AcmeException e) when (e.Problem.Status is >= 400 and < 500 and not 429)
        {
            pending.Drop(host.ToString()); // What was refused will not be taken later.
            throw;
        }
    }

    private async Task<(AcmeOrder, string)?> ResumeAsync(HostName host, CancellationToken cancellation)
    {
        if (await pending.FindAsync(host.ToString(), cancellation) is not { } known) return null;
        try
        {
            var order = AcmeOrder.From(await account.PostAsync(known.Order, "", cancellation), known.Order);
            if (order.Status is "pending" or "ready" or "processing" or "valid") return (order, known.Key);
        }
        catch (AcmeException e) when (e.Problem.Status is >= 400 and < 500 and not 429)
        {
            // The CA has forgotten it, or it was another account's.
        }

        pending.Drop(host.ToString());
        return null;
    }

    private async Task<(AcmeOrder, string)> NewAsync(HostName host, string? replaces, CancellationToken cancellation)
    {
        var answer = await PlaceAsync(host, replaces, cancellation);
        var address = answer.Location ?? throw AcmeException.Because("The certificate authority gave the order no address.");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportPkcs8PrivateKeyPem();
        await pending.StoreAsync(host.ToString(), new PendingOrders.Pending(address, pem), cancellation);
        return (AcmeOrder.From(answer, address), pem);
    }

    private async Task<AcmeAnswer> PlaceAsync(HostName host, string? replaces, CancellationToken cancellation)
    {
        var url = await transport.AddressOfAsync("newOrder", cancellation);
        var wish = new JsonObject { ["identifiers"] = new JsonArray(new JsonObject { ["type"] = "dns", ["value"] = host.ToString() }) };
        if (replaces is not null && await transport.FindAsync("renewalInfo", cancellation) is not null) wish["replaces"] = replaces;
        try
        {
            return await account.PostAsync(url, wish.ToJsonString(), cancellation);
        }
        catch (AcmeException e) when (wish.ContainsKey("replaces") && e.Problem.Status is >= 400 and < 500 and not 429)
        {
            // Replaced already (409 alreadyReplaced), or by a CA that does not know the old one: then as a new order.
            wish.Remove("replaces");
            return await account.PostAsync(url, wish.ToJsonString(), cancellation);
        }
    }

    private async Task<IssuedCertificate> FinishAsync(HostName host, AcmeOrder order, string key, CancellationToken cancellation)
    {
        if (order.Status == "pending")
        {
            foreach (var authorization in order.Authorizations) await AuthorizeAsync(host, authorization, cancellation);
            order = await PollAsync(order, "pending", cancellation);
        }

        if (order.Status == "ready")
        {
            order = await FinalizeAsync(host, order, key, cancellation);
            order = await PollAsync(order, "ready", cancellation);
        }

        order = await PollAsync(order, "processing", cancellation);
        if (order.Status != "valid" || order.Certificate is not { } certificate)
        {
            pending.Drop(host.ToString());
            throw new AcmeException(order.Error ?? new AcmeProblem("", $"The order ended as {order.Status}.", 0, []));
        }

        var chain = await account.PostAsync(certificate, "", cancellation, "application/pem-certificate-chain");
        return new IssuedCertificate(Encoding.ASCII.GetString(chain.Body), key);
    }

    private async Task AuthorizeAsync(HostName host, Uri url, CancellationToken cancellation)
    {
        var authorization = AcmeAuthorization.From(await account.PostAsync(url, "", cancellation));
        if (authorization.Status == "valid") return; // Proved for an earlier order.
        if (authorization.Status == "pending")
        {
            var challenge = authorization.Challenges.FirstOrDefault(offered => offered.Type == "http-01")
                ?? throw AcmeException.Because("The certificate authority offers no HTTP-01 challenge for this name.");
            var key = await account.KeyAsync(cancellation);
            using var answer = answers.Give(host, challenge.Token, key.KeyAuthorization(challenge.Token));
            // One that is processing already was asked for before a crash.
            if (challenge is { Status: "pending", Url: { } start }) await StartAsync(start, cancellation);
            authorization = await PollAsync(authorization, url, cancellation);
        }

        if (authorization.Status == "valid") return;
        var problem = authorization.Challenges.Select(challenge => challenge.Error).FirstOrDefault(error => error is not null);
        pending.Drop(host.ToString());
        throw new AcmeException(problem ?? new AcmeProblem("", $"The certificate authority did not accept the proof for this name: it is {authorization.Status}.", 0, []));
    }

    private async Task StartAsync(Uri challenge, CancellationToken cancellation)
    {
        try
        {
            await account.PostAsync(challenge, "{}", cancellation);
        }
        catch (AcmeException e) when (e.Problem.Type == "malformed")
        {
            // Refused because it was started before, by a request whose answer was lost? Then it is no longer pending.
            if (AcmeChallenge.From((await account.PostAsync(challenge, "", cancellation)).Json).Status is "pending" or "") throw;
        }
    }

    private async Task<AcmeAuthorization> PollAsync(AcmeAuthorization authorization, Uri url, CancellationToken cancellation)
    {
        for (var look = 0; authorization.Status is "pending"; look++)
        {
            await Task.Delay(Pause(look, authorization.RetryAfter), clock, cancellation);
            authorization = AcmeAuthorization.From(await account.PostAsync(url, "", cancellation));
        }

        return authorization;
    }

    private async Task<AcmeOrder> PollAsync(AcmeOrder order, string until, CancellationToken cancellation)
    {
        for (var look = 0; order.Status == until; look++)
        {
            // What proves the last authorization makes the order ready: the first look needs no pause.
            if (until != "pending" || look > 0) await Task.Delay(Pause(look, order.RetryAfter), clock, cancellation);
            order = AcmeOrder.From(await account.PostAsync(order.Url, "", cancellation), order.Url);
        }

        return order;
    }

    private async Task<AcmeOrder> FinalizeAsync(HostName host, AcmeOrder order, string pem, CancellationToken cancellation)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host.ToString());
        request.CertificateExtensions.Add(names.Build());
        var payload = new JsonObject { ["csr"] = Base64Url.EncodeToString(request.CreateSigningRequest()) };
        try
        {
            return AcmeOrder.From(await account.PostAsync(order.Finalize ?? throw AcmeException.Because("The order has no address to finalize it."), payload.ToJsonString(), cancellation), order.Url);
        }
        catch (AcmeException e) when (e.Problem.Type is "orderNotReady" or "malformed")
        {
            // Finalized before a crash, or by a request whose answer was lost? Then the order has gone on.
            var now = AcmeOrder.From(await account.PostAsync(order.Url, "", cancellation), order.Url);
            if (now.Status is "processing" or "valid") return now;
            throw;
        }
    }

    /// <summary>The first look comes at once, as most CAs are done by then; from the second on what the CA asked for counts.</summary>
    private static TimeSpan Pause(int look, TimeSpan? asked) =>
        look == 0 ? s_firstLook : asked is { Ticks: > 0 } wait ? wait : TimeSpan.FromMilliseconds(Math.Min(5000, 100 * Math.Pow(1.6, look)));
}
