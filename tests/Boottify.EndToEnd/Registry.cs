using System.Net.Http.Headers;
using System.Text;

namespace Boottify.EndToEnd;

/// <summary>The private registry, asked as any client with the platform's account may.</summary>
public static class Registry
{
    public static async Task DeleteAsync(string path) => (await SendAsync(HttpMethod.Delete, path)).EnsureSuccessStatusCode().Dispose();

    public static Task<HttpResponseMessage> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    private static async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path)
    {
        var account = $"{Platform.Setting("BOOTTIFY_REGISTRY_USER")}:{Platform.Setting("BOOTTIFY_REGISTRY_PASSWORD")}";
        using var client = new HttpClient { BaseAddress = new Uri($"http://{Platform.Setting("BOOTTIFY_REGISTRY")}/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(account)));
        client.DefaultRequestHeaders.Accept.ParseAdd("application/vnd.docker.distribution.manifest.v2+json");
        client.DefaultRequestHeaders.Accept.ParseAdd("application/vnd.oci.image.manifest.v1+json");
        return await client.SendAsync(new HttpRequestMessage(method, path), Platform.Deadline());
    }

    /// <summary>The digest that a tag stands for.</summary>
    public static async Task<string> DigestAsync(string repository, string tag)
    {
        using var manifest = await GetAsync($"v2/{repository}/manifests/{tag}");
        manifest.EnsureSuccessStatusCode();
        return manifest.Headers.GetValues("Docker-Content-Digest").Single();
    }
}
