using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Boottify.Builds;

/// <summary>
/// The registry's own interface: what it holds, and removing it. Retries and time limits are on the HTTP client. Everything
/// here may be repeated; what is gone already is fine.
/// </summary>
internal sealed partial class RegistryClient(HttpClient http)
{
    public const string Name = "boottify-registry";

    private const string IndexType = "application/vnd.oci.image.index.v1+json";

    /// <summary>An index of no images, which needs nothing else in the registry.</summary>
    private const string Nothing = $$"""{"schemaVersion":2,"mediaType":"{{IndexType}}","manifests":[]}""";

    private static readonly string[] ManifestTypes =
    [
        "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json", IndexType,
    ];

    private static readonly string NothingsDigest = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Nothing)))}";

    public static void Configure(HttpClient http, BuildSettings settings)
    {
        var scheme = IsLoopback(settings.Registry) ? "http" : "https";
        http.BaseAddress = new Uri($"{scheme}://{settings.Registry}/v2/");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.RegistryUser}:{settings.RegistryPassword}")));
    }

    /// <returns>The digest of a tag, or null when the registry does not have it.</returns>
    public async Task<string?> DigestAsync(string repository, string reference, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"{repository}/manifests/{reference}");
        foreach (var type in ManifestTypes)
            request.Headers.Accept.ParseAdd(type);
        using var response = await http.SendAsync(request, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        response.EnsureSuccessStatusCode();
        return DigestOf(response);
    }

    /// <summary>Gives what the registry holds by digest one more tag: no layer is sent again.</summary>
    /// <returns>The digest that the registry has under the tag now.</returns>
    /// <exception cref="HttpRequestException">The registry does not have it, or refuses.</exception>
    public async Task<string?> TagAsync(string repository, string digest, string tag, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{repository}/manifests/{digest}");
        foreach (var type in ManifestTypes)
            request.Headers.Accept.ParseAdd(type);
        using var manifest = await http.SendAsync(request, cancellation);
        manifest.EnsureSuccessStatusCode();
        using var content = new ByteArrayContent(await manifest.Content.ReadAsByteArrayAsync(cancellation));
        content.Headers.ContentType = manifest.Content.Headers.ContentType;
        using var response = await http.PutAsync($"{repository}/manifests/{tag}", content, cancellation);
        response.EnsureSuccessStatusCode();
        return DigestOf(response);
    }

    public async Task DeleteAsync(string repository, string digest, CancellationToken cancellation)
    {
        if (!Digest().IsMatch(digest))
            throw new ArgumentException($"'{digest}' is not a digest.", nameof(digest));
        using var response = await http.DeleteAsync($"{repository}/manifests/{digest}", cancellation);
        if (response.StatusCode != HttpStatusCode.NotFound)
            response.EnsureSuccessStatusCode();
    }

    /// <summary>
    /// Gives a tag that leads nowhere something empty to lead to, so that it can be removed with that. The registry removes a
    /// manifest first and its tags after it, and writes a tag in place: one that was ended in between lists such a tag for ever,
    /// and refuses to remove it by its name.
    /// </summary>
    /// <returns>The digest to remove.</returns>
    public async Task<string> ReviveTagAsync(string repository, string tag, CancellationToken cancellation)
    {
        await PutNothingAsync(repository, tag, cancellation);
        return NothingsDigest;
    }

    /// <returns>The digest of a tag; null when it leads nowhere, be it that its manifest is gone or that it was not written to the end.</returns>
    /// <exception cref="HttpRequestException">The registry fails at it for another reason.</exception>
    public async Task<string?> TargetAsync(string repository, string tag, CancellationToken cancellation)
    {
        try
        {
            return await DigestAsync(repository, tag, cancellation);
        }
        catch (HttpRequestException fault) when (fault.StatusCode == HttpStatusCode.InternalServerError)
        {
            if (await HasBrokenTagAsync(repository, cancellation))
                return null;
            throw;
        }
    }

    /// <summary>Each removal reads all tags of the repository, and fails when one of them has no digest in it; other faults it does not meet.</summary>
    private async Task<bool> HasBrokenTagAsync(string repository, CancellationToken cancellation)
    {
        await PutNothingAsync(repository, NothingsDigest, cancellation);
        using var removed = await http.DeleteAsync($"{repository}/manifests/{NothingsDigest}", cancellation);
        // It answers 500 the first time, and to the client's own next try that the manifest is gone.
        return removed.StatusCode is HttpStatusCode.InternalServerError or HttpStatusCode.NotFound;
    }

    private async Task PutNothingAsync(string repository, string reference, CancellationToken cancellation)
    {
        using var content = new StringContent(Nothing, new MediaTypeHeaderValue(IndexType));
        using var response = await http.PutAsync($"{repository}/manifests/{reference}", content, cancellation);
        response.EnsureSuccessStatusCode();
    }

    public async Task<IReadOnlyList<string>> TagsAsync(string repository, CancellationToken cancellation)
    {
        var tags = new List<string>();
        var page = $"{repository}/tags/list?n=500";
        while (page is not null)
        {
            using var response = await http.GetAsync(page, cancellation);
            if (response.StatusCode == HttpStatusCode.NotFound)
                break;
            response.EnsureSuccessStatusCode();
            var list = await response.Content.ReadFromJsonAsync<TagList>(cancellation);
            tags.AddRange(list?.Tags ?? []);
            page = response.Headers.TryGetValues("Link", out var links) && Next().Match(links.First()) is { Success: true } next ? next.Groups[1].Value : null;
        }

        return tags;
    }

    /// <summary>Names of repositories, in order, that come after <paramref name="last"/>; those without a tag left are among them.</summary>
    public async Task<IReadOnlyList<string>> RepositoriesAsync(string last, int most, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(
            string.Create(CultureInfo.InvariantCulture, $"_catalog?n={most}{(last.Length == 0 ? "" : "&last=" + Uri.EscapeDataString(last))}"), cancellation);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<Catalog>(cancellation))?.Repositories ?? [];
    }

    private static string? DigestOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Docker-Content-Digest", out var values) ? values.First() : null;

    private static bool IsLoopback(string registry) =>
        Uri.TryCreate($"http://{registry}/", UriKind.Absolute, out var address) && address.IsLoopback;

    [GeneratedRegex("^sha256:[0-9a-f]{64}$", RegexOptions.NonBacktracking)]
    private static partial Regex Digest();

    [GeneratedRegex("^<([^>]+)>; *rel=\"?next\"?", RegexOptions.NonBacktracking)]
    private static partial Regex Next();

    private sealed record Catalog([property: JsonPropertyName("repositories")] IReadOnlyList<string>? Repositories);

    private sealed record TagList([property: JsonPropertyName("tags")] IReadOnlyList<string>? Tags);
}
