using System.Globalization;
using System.Text.Json.Nodes;

namespace Boottify.Edge.Acme;

/// <summary>When a CA would like a certificate to be renewed (RFC 9773).</summary>
/// <param name="AskAgain">When to ask again.</param>
/// <param name="Explanation">A page that says why the window is as it is, if the CA names one.</param>
public sealed record RenewalWindow(DateTimeOffset Start, DateTimeOffset End, TimeSpan AskAgain, string? Explanation)
{
    private static readonly TimeSpan s_usually = TimeSpan.FromHours(6);

    /// <summary>A moment in the window, spread evenly over all that ask; now when it is over.</summary>
    /// <param name="luck">From 0 to 1.</param>
    public DateTimeOffset Choose(DateTimeOffset now, double luck)
    {
        var at = Start + ((End - Start) * luck);
        return at < now ? now : at;
    }

    /// <returns>Null when the CA gives no renewal information.</returns>
    /// <exception cref="AcmeException">It was not to be had, or makes no sense (RFC 9773, 4.2): ask again in six hours.</exception>
    public static async Task<RenewalWindow?> AskAsync(AcmeTransport transport, string renewalId, CancellationToken cancellation)
    {
        if (await transport.FindAsync("renewalInfo", cancellation) is not { } root) return null;
        var answer = await transport.GetAsync(new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{renewalId}"), cancellation);
        var window = answer.Json["suggestedWindow"] as JsonObject;
        if (window is null || !Date(window, "start", out var start) || !Date(window, "end", out var end) || end <= start)
            throw AcmeException.Because("The certificate authority's renewal window makes no sense.");
        var wait = answer.RetryAfter ?? s_usually;
        var explanation = answer.Json.Text("explanationURL");
        return new RenewalWindow(start, end, TimeSpan.FromSeconds(Math.Clamp(wait.TotalSeconds, 60, 86400)), explanation.Length > 0 ? explanation : null);
    }

    private static bool Date(JsonObject window, string name, out DateTimeOffset date) =>
        DateTimeOffset.TryParse(window.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);
}
