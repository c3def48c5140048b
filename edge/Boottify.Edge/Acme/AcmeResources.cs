using System.Text.Json.Nodes;

namespace Boottify.Edge.Acme;

/// <summary>An order as the CA describes it (RFC 8555, 7.1.3).</summary>
public sealed record AcmeOrder(Uri Url, string Status, IReadOnlyList<Uri> Authorizations, Uri? Finalize, Uri? Certificate, AcmeProblem? Error, TimeSpan? RetryAfter)
{
    public static AcmeOrder From(AcmeAnswer answer, Uri url)
    {
        var order = answer.Json;
        return new AcmeOrder(url, order.Text("status"), [.. (order["authorizations"] as JsonArray ?? []).Select(node => new Uri(node!.GetValue<string>()))],
            order.Address("finalize"), order.Address("certificate"), order["error"] is JsonObject error ? AcmeProblem.From(error) : null, answer.RetryAfter);
    }
}

/// <summary>Whether the CA believes that we hold a name (RFC 8555, 7.1.4), and what would convince it.</summary>
public sealed record AcmeAuthorization(string Status, string Identifier, bool Wildcard, IReadOnlyList<AcmeChallenge> Challenges, TimeSpan? RetryAfter)
{
    public static AcmeAuthorization From(AcmeAnswer answer)
    {
        var authorization = answer.Json;
        return new AcmeAuthorization(authorization.Text("status"), (authorization["identifier"] as JsonObject)?.Text("value") ?? "",
            authorization["wildcard"] is JsonValue wildcard && wildcard.TryGetValue<bool>(out var yes) && yes,
            [.. (authorization["challenges"] as JsonArray ?? []).OfType<JsonObject>().Select(AcmeChallenge.From)], answer.RetryAfter);
    }
}

public sealed record AcmeChallenge(string Type, Uri? Url, string Token, string Status, AcmeProblem? Error)
{
    public static AcmeChallenge From(JsonObject challenge) => new(challenge.Text("type"), challenge.Address("url"), challenge.Text("token"), challenge.Text("status"),
        challenge["error"] is JsonObject error ? AcmeProblem.From(error) : null);
}

internal static class AcmeJson
{
    public static string Text(this JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    public static Uri? Address(this JsonObject json, string name) => Uri.TryCreate(json.Text(name), UriKind.Absolute, out var uri) ? uri : null;
}
