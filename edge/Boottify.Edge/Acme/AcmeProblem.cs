using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Boottify.Edge.Acme;

/// <summary>What a CA says when it refuses (RFC 7807, with the subproblems of RFC 8555, 6.7.1).</summary>
/// <param name="Type">Without the prefix <c>urn:ietf:params:acme:error:</c>, such as <c>badNonce</c>; empty when the answer was no problem document.</param>
public sealed record AcmeProblem(string Type, string Detail, int Status, IReadOnlyList<AcmeProblem> Subproblems, string? Identifier = null)
{
    private const string Prefix = "urn:ietf:params:acme:error:";
    private const int LongestDetail = 500;

    /// <summary>Reads the body whatever it is: proxies before a CA answer in HTML, or with nothing.</summary>
    public static AcmeProblem From(HttpStatusCode status, byte[] body)
    {
        try
        {
            if (JsonNode.Parse(body) is JsonObject problem && From(problem) is { } read) return read with { Status = (int)status };
        }
        catch (JsonException)
        {
        }

        var text = Plain(Encoding.UTF8.GetString(body));
        return new AcmeProblem("", $"The certificate authority answered {(int)status} {status}{(text.Length > 0 ? $" and no problem document: {text}" : "")}", (int)status, []);
    }

    public static AcmeProblem? From(JsonObject problem)
    {
        var type = Text(problem["type"]);
        var detail = Plain(Text(problem["detail"]) ?? Text(problem["title"]) ?? "");
        if (type is null && detail.Length == 0) return null;
        var subproblems = (problem["subproblems"] as JsonArray ?? []).OfType<JsonObject>().Select(From).OfType<AcmeProblem>().ToList();
        var status = problem["status"] is JsonValue number && number.TryGetValue<int>(out var value) ? value : 0;
        return new AcmeProblem(type?.StartsWith(Prefix, StringComparison.Ordinal) is true ? type[Prefix.Length..] : type ?? "", detail, status, subproblems,
            Text((problem["identifier"] as JsonObject)?["value"]));
    }

    /// <summary>One line for logs and statuses.</summary>
    public override string ToString()
    {
        var line = Type.Length > 0 ? $"{Detail} ({Type})" : Detail;
        return Subproblems.Count == 0 ? line : $"{line} [{string.Join("; ", Subproblems.Select(sub => sub.Identifier is null ? sub.ToString() : $"{sub.Identifier}: {sub}"))}]";
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static string Plain(string text)
    {
        var plain = new string([.. text.Take(LongestDetail).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return text.Length > LongestDetail ? plain + "…" : plain;
    }
}
