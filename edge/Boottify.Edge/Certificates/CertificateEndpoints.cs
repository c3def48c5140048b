using System.Diagnostics.CodeAnalysis;
using Boottify.Edge.Acme;
using Boottify.Edge.Http;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>For whoever runs the platform: how it stands with the certificates, and what is seldom done by hand.</summary>
public static class CertificateEndpoints
{
    public static void MapCertificates(this IEndpointRouteBuilder endpoints)
    {
        var certificates = endpoints.MapGroup("/v1/certificates").AddEndpointFilter<BearerToken>();
        certificates.MapGet("/", (CertificateKeeper keeper) => keeper.Report());
        certificates.MapPost("/{name}/revoke", RevokeAsync);
        certificates.MapPost("/{name}/retry", RetryAsync);
        var authorities = endpoints.MapGroup("/v1/authorities/{authority}").AddEndpointFilter<BearerToken>();
        authorities.MapPost("/roll-key", (string authority, Authorities all, CancellationToken cancellation) => AtAsync(all, authority, account => account.RollKeyAsync(cancellation)));
        authorities.MapDelete("/account", (string authority, Authorities all, CancellationToken cancellation) => AtAsync(all, authority, account => account.DeactivateAsync(cancellation)));
    }

    /// <summary>Takes the certificate back at the authority that issued it, and orders another one with another key.</summary>
    private static async Task<IResult> RevokeAsync(string name, Authorities authorities, CertificateStore store, CertificateKeeper keeper, CancellationToken cancellation, int reason = 0)
    {
        if (!Revocation.Reasons.ContainsKey(reason))
            return Invalid($"There is no such reason. Send `?reason=N` with one of {string.Join(", ", Revocation.Reasons.Select(one => $"{one.Key} ({one.Value})"))}.");
        if (!TryParse(name, out var of, out var problem)) return Invalid(problem);
        if (store.IsCovered(of)) return Invalid($"{name} is served with the wildcard. Revoke that one.");
        if (await store.ReadAsync(of, cancellation) is not { } pem) return Results.Problem("The edge has no certificate for this name.", statusCode: StatusCodes.Status404NotFound);
        var from = IssuerNote.Read(pem);
        var asked = authorities.Issuing.Where(one => from is null || one.Settings.Directory.AbsoluteUri == from).ToList();
        if (asked.Count == 0)
            return Results.Problem($"The certificate is from {from}, which is none of this edge's authorities any more. Set BOOTTIFY_ACME_SECOND_DIRECTORY to it, start the edge again, and revoke it then.", statusCode: StatusCodes.Status409Conflict);
        AcmeException? refused = null;
        foreach (var authority in asked)
        {
            try
            {
                await Revocation.RunAsync(authority.Transport, authority.Account, pem, reason, cancellation);
                await keeper.ReplaceAsync(of, Revocation.SerialOf(pem));
                return Results.NoContent();
            }
            catch (AcmeException e)
            {
                refused ??= e; // Of an old certificate, which does not say whose it is: another one's, perhaps.
            }
        }

        return Refused(refused!);
    }

    /// <summary>204 when a name that failed is tried now; 409 with the reason when it is not, as an authority's limits are kept whoever asks.</summary>
    private static async Task<IResult> RetryAsync(string name, CertificateKeeper keeper, CancellationToken cancellation)
    {
        if (!TryParse(name, out var of, out var problem)) return Invalid(problem);
        var (found, refused) = await keeper.HurryAsync(of, cancellation);
        if (!found) return Results.Problem("No route has this name.", statusCode: StatusCodes.Status404NotFound);
        return refused is null ? Results.NoContent() : Results.Problem(refused, statusCode: StatusCodes.Status409Conflict);
    }

    /// <param name="name">A host, or a wildcard with its <c>*.</c></param>
    private static bool TryParse(string name, out CertificateName of, [NotNullWhen(false)] out string? problem)
    {
        var wildcard = name.StartsWith("*.", StringComparison.Ordinal);
        var legal = HostName.TryParse(wildcard ? name[2..] : name, out var domain, out problem);
        of = new CertificateName(domain, wildcard);
        return legal;
    }

    private static async Task<IResult> AtAsync(Authorities all, string name, Func<AcmeAccount, Task> act)
    {
        if (all.All.FirstOrDefault(one => one.Name == name) is not { } authority)
            return Results.Problem($"There is no such authority. Name one of {string.Join(", ", all.All.Select(one => one.Name))}.", statusCode: StatusCodes.Status404NotFound);
        try
        {
            await act(authority.Account);
            return Results.NoContent();
        }
        catch (AcmeException e)
        {
            return Refused(e);
        }
    }

    private static IResult Refused(AcmeException refused) =>
        Results.Problem($"The certificate authority did not do it, try again later: {refused.Message}", statusCode: StatusCodes.Status502BadGateway);

    private static IResult Invalid(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest);
}
