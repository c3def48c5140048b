using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Builds;
using Boottify.Housekeeping.Kinds;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Builds;

[Collection("Builds")]
public class DeadTagTests(BuildFixture fixture)
{
    /// <summary>Without that, an app could never be deleted any more: the registry goes on listing the tag, and says 404 or 500 to all else.</summary>
    [Fact]
    public async Task Tags_that_a_killed_registry_left_leading_nowhere_go()
    {
        await using var registry = await OwnRegistry.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{registry.Address}/v2/") };
        var repository = $"apps/{AppIds.New()}";
        await PutLayerAsync(http, repository);
        var dead = await PutAsync(http, $"{repository}/manifests/dead", "dead");
        await PutAsync(http, $"{repository}/manifests/dead-too", "dead");
        await PutAsync(http, $"{repository}/manifests/half", "half");
        await PutAsync(http, $"{repository}/manifests/alive", "alive");
        registry.ForgetManifest(repository, dead);
        registry.Empty(repository, "half");
        (await TagsAsync(http, repository)).Should().BeEquivalentTo("dead", "dead-too", "half", "alive");

        await using var services = fixture.Services(new() { ["BOOTTIFY_REGISTRY"] = registry.Address });
        var kept = await new ManifestKeeper(services.GetRequiredService<IHttpClientFactory>(), new RegistryPlace()).ListAsync(BuildFixture.Token);
        kept.SelectMany(manifest => manifest.Tags).Should().Equal("alive");

        await services.GetRequiredService<IImageBuilder>().DeleteRepositoryAsync(repository, BuildFixture.Token);
        (await TagsAsync(http, repository)).Should().BeEmpty();
    }

    /// <summary>Else its layers would stay for ever, and nothing would lead to them any more.</summary>
    [Fact]
    public async Task A_tag_whose_manifest_the_registry_fails_at_stays_until_it_can_be_removed()
    {
        await using var registry = await OwnRegistry.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{registry.Address}/v2/") };
        var repository = $"apps/{AppIds.New()}";
        var spoilt = await PutAsync(http, $"{repository}/manifests/spoilt", "spoilt");
        registry.Spoil(repository, spoilt);

        await using var services = fixture.Services(new() { ["BOOTTIFY_REGISTRY"] = registry.Address });
        await FluentActions.Awaiting(() => services.GetRequiredService<IImageBuilder>().DeleteRepositoryAsync(repository, BuildFixture.Token))
            .Should().ThrowAsync<HttpRequestException>();
        registry.LedTo(repository, "spoilt").Should().Be(spoilt);
    }

    /// <summary>The registry's catalogue has those repositories alone that have got one.</summary>
    private static async Task PutLayerAsync(HttpClient http, string repository)
    {
        byte[] layer = [1, 2, 3];
        using var begun = await http.PostAsync(new Uri($"{repository}/blobs/uploads/", UriKind.Relative), null, BuildFixture.Token);
        using var content = new ByteArrayContent(layer);
        using var ended = await http.PutAsync(
            new Uri($"{begun.Headers.Location}&digest=sha256:{Convert.ToHexStringLower(SHA256.HashData(layer))}"), content, BuildFixture.Token);
        ended.EnsureSuccessStatusCode();
    }

    /// <summary>An image without layers, told from others by an annotation.</summary>
    /// <returns>Its digest.</returns>
    private static async Task<string> PutAsync(HttpClient http, string url, string name)
    {
        using var manifest = new StringContent(
            JsonSerializer.Serialize(new { schemaVersion = 2, mediaType = "application/vnd.oci.image.index.v1+json", manifests = Array.Empty<object>(), annotations = new { name } }),
            new MediaTypeHeaderValue("application/vnd.oci.image.index.v1+json"));
        using var answer = await http.PutAsync(new Uri(url, UriKind.Relative), manifest, BuildFixture.Token);
        answer.EnsureSuccessStatusCode();
        return answer.Headers.GetValues("Docker-Content-Digest").Single();
    }

    private static async Task<IEnumerable<string?>> TagsAsync(HttpClient http, string repository)
    {
        var list = await http.GetFromJsonAsync<JsonElement>(new Uri($"{repository}/tags/list", UriKind.Relative), BuildFixture.Token);
        var tags = list.GetProperty("tags");
        return tags.ValueKind == JsonValueKind.Array ? tags.EnumerateArray().Select(tag => tag.GetString()) : [];
    }
}
