using Boottify.Edge.Certificates;
using Boottify.Edge.Challenges;

namespace Boottify.Edge.Acme;

/// <summary>Proves to the CA that a name is ours (RFC 8555, 7.5), from whatever state its authorization is in.</summary>
public sealed class NameProof(AcmeAccount account, ChallengeAnswers answers, TimeProvider clock)
{
    /// <exception cref="AcmeException">The CA does not believe it.</exception>
    public async Task RunAsync(CertificateName name, Uri url, CancellationToken cancellation)
    {
        var authorization = AcmeAuthorization.From(await account.PostAsync(url, "", cancellation));
        if (authorization.Status == "valid") return; // Proved for an earlier order.
        if (authorization.Status == "pending")
        {
            var challenge = authorization.Challenges.FirstOrDefault(offered => offered.Type == ChallengeAnswers.TypeFor(name))
                ?? throw AcmeException.Because($"The certificate authority offers no {ChallengeAnswers.TypeFor(name)} challenge for this name.");
            var key = await account.KeyAsync(cancellation);
            await using var answer = await answers.GiveAsync(name, challenge.Token, key, cancellation);
            // One that is processing already was asked for before a crash.
            if (challenge is { Status: "pending", Url: { } start }) await StartAsync(start, cancellation);
            authorization = await PollAsync(authorization, url, cancellation);
        }

        if (authorization.Status == "valid") return;
        var problem = authorization.Challenges.Select(challenge => challenge.Error).FirstOrDefault(error => error is not null);
        throw AcmeException.OfProof(problem ?? new AcmeProblem("", $"The certificate authority did not accept the proof for this name: it is {authorization.Status}.", 0, []));
    }

    /// <summary>Gives up a proof that was begun or done (RFC 8555, 7.5.2), so that it does not count among those that the account has open.</summary>
    public Task DeactivateAsync(Uri url, CancellationToken cancellation) => account.PostAsync(url, """{"status":"deactivated"}""", cancellation);

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
            await Task.Delay(Polling.Pause(look, authorization.RetryAfter), clock, cancellation);
            authorization = AcmeAuthorization.From(await account.PostAsync(url, "", cancellation));
        }

        return authorization;
    }
}

internal static class Polling
{
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(100);

    /// <summary>The first look comes at once, as most CAs are done by then; from the second on what the CA asked for counts.</summary>
    public static TimeSpan Pause(int look, TimeSpan? asked) =>
        look == 0 ? s_firstLook : asked is { Ticks: > 0 } wait ? wait : TimeSpan.FromMilliseconds(Math.Min(5000, 100 * Math.Pow(1.6, look)));
}
