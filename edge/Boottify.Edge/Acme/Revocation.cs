using System.Buffers.Text;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Boottify.Edge.Acme;

/// <summary>Takes a certificate back (RFC 8555, 7.6).</summary>
public static class Revocation
{
    /// <summary>The reasons that a subscriber may give (RFC 5280, 5.3.1).</summary>
    public static IReadOnlyDictionary<int, string> Reasons { get; } = new Dictionary<int, string>
    {
        [0] = "unspecified",
        [1] = "keyCompromise",
        [3] = "affiliationChanged",
        [4] = "superseded",
        [5] = "cessationOfOperation",
    };

    /// <param name="pem">Key and chain, as they are stored.</param>
    public static string SerialOf(string pem)
    {
        using var leaf = X509Certificate2.CreateFromPem(pem);
        return leaf.SerialNumber;
    }

    /// <summary>Signed with the certificate's own key, which proves it whatever became of the account; where that is refused, by the account. One that is revoked already is fine.</summary>
    /// <param name="pem">Key and chain, as they are stored.</param>
    /// <exception cref="AcmeException">The CA refuses both.</exception>
    public static async Task RunAsync(AcmeTransport transport, AcmeAccount account, string pem, int reason, CancellationToken cancellation)
    {
        var url = await transport.AddressOfAsync("revokeCert", cancellation);
        using var leaf = X509Certificate2.CreateFromPem(pem);
        using var key = AccountKey.FromPem(pem);
        var payload = new JsonObject { ["certificate"] = Base64Url.EncodeToString(leaf.RawData), ["reason"] = reason }.ToJsonString();
        try
        {
            try
            {
                await transport.PostAsync(key, null, url, payload, cancellation);
            }
            catch (AcmeException e) when (e.Problem.Status is >= 400 and < 500 and not 429 && e.Problem.Type != "alreadyRevoked")
            {
                await account.PostAsync(url, payload, cancellation);
            }
        }
        catch (AcmeException e) when (e.Problem.Type == "alreadyRevoked")
        {
        }
    }
}
