using System.Security.Cryptography;
using System.Text;

namespace Boottify.Edge.Http;

/// <summary>Lets only the control plane in: everything but health and metrics needs the edge's token.</summary>
public sealed class BearerToken(EdgeSettings settings) : IEndpointFilter
{
    private readonly byte[] _expected = SHA256.HashData(Encoding.UTF8.GetBytes(settings.Token));

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var header = context.HttpContext.Request.Headers.Authorization.ToString();
        const string scheme = "Bearer ";
        // Hashes are compared, so that neither the length nor the first wrong byte shows in the time taken.
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : ""));
        if (CryptographicOperations.FixedTimeEquals(given, _expected)) return await next(context);

        context.HttpContext.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.Problem("Send `Authorization: Bearer` with the edge's token (BOOTTIFY_EDGE_TOKEN).", statusCode: StatusCodes.Status401Unauthorized);
    }
}
