using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Boottify.EndToEnd;

/// <summary>An app on the platform and the repository it deploys from. Disposing it deletes both.</summary>
public sealed class DeployableApp(Platform platform, SourceRepository source, CreatedApp created) : IAsyncDisposable
{
    public string Id => created.Id;

    public string Name => created.Name;

    public string Host => created.Host;

    public string Namespace => created.Namespace;

    public string Secret => created.Webhook.Secret;

    public SourceRepository Source => source;

    /// <summary>Commits the files, if any, sends the signed webhook and waits for the deployment's end.</summary>
    public async Task<Deployment> PushAsync(IReadOnlyDictionary<string, byte[]>? files = null)
    {
        if (files is not null)
            await source.CommitAsync(files);
        return await EndOfAsync(await AnnounceAsync());
    }

    /// <summary>Sends the webhook for the newest commit.</summary>
    /// <returns>The deployment's id, as soon as the platform has taken it.</returns>
    public async Task<string> AnnounceAsync()
    {
        var response = await SendWebhookAsync();
        return (await response.ReadAsync<Accepted>(HttpStatusCode.Accepted)).Id;
    }

    /// <summary>Sends what the installed GitHub Actions workflow would, for the newest commit unless told otherwise.</summary>
    /// <param name="secret">Signs the body; another one than the app's makes a wrong signature.</param>
    public Task<HttpResponseMessage> SendWebhookAsync(string? commit = null, string? secret = null, string? delivery = null) =>
        SendWebhookAsync(
            JsonSerializer.SerializeToUtf8Bytes(new { app = Id, repository = source.Url, @ref = $"refs/heads/{SourceRepository.Branch}", sha = commit ?? source.Head }),
            secret ?? Secret,
            delivery ?? Guid.NewGuid().ToString());

    public async Task<HttpResponseMessage> SendWebhookAsync(byte[] body, string secret, string delivery)
    {
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/webhooks/deployment")
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Headers = { { "X-Hub-Signature-256", $"sha256={signature}" }, { "X-GitHub-Delivery", delivery } },
        };
        return await platform.Anonymous.SendAsync(request, Platform.Deadline());
    }

    /// <summary>Follows the deployment's stream to its end, resuming it when it is cut off, and reads the outcome.</summary>
    public async Task<Deployment> EndOfAsync(string deployment)
    {
        await foreach (var _ in DeploymentStream.FollowAsync(platform.Api, deployment, ct: Platform.Deadline()))
        {
        }

        return await DeploymentAsync(deployment);
    }

    public async Task<Deployment> DeploymentAsync(string deployment) =>
        await (await platform.Api.GetAsync($"api/deployments/{deployment}", Platform.Deadline())).ReadAsync<Deployment>();

    /// <summary>The whole log, a line of text each.</summary>
    public async Task<string[]> LogAsync(string deployment) =>
        (await platform.Api.GetStringAsync($"api/deployments/{deployment}/logs.txt", Platform.Deadline())).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Asks the app through the edge, over HTTPS that verifies.</summary>
    public Task<HttpResponseMessage> GetAsync(string path = "/") =>
        platform.Edge.GetAsync(new Uri($"https://{Host}{path}"), Platform.Deadline());

    public async Task<string> GetStringAsync(string path = "/") =>
        await platform.Edge.GetStringAsync(new Uri($"https://{Host}{path}"), Platform.Deadline());

    /// <summary>Deletes the app and returns once the platform says that every trace is gone.</summary>
    public async Task DeleteAsync()
    {
        using var accepted = await platform.Api.DeleteAsync($"api/apps/{Id}", Platform.Deadline());
        accepted.StatusCode.Should().Be(HttpStatusCode.Accepted);
        var deadline = Platform.Deadline();
        while ((await platform.Api.GetAsync($"api/apps/{Id}", deadline)).StatusCode != HttpStatusCode.NotFound)
            await Task.Delay(500, deadline);
    }

    /// <summary>Asks for the deletion without waiting for it; a refusal is a warning, so that it hides no failure of the test itself.</summary>
    public async ValueTask DisposeAsync()
    {
        source.Dispose();
        using var deleted = await platform.Api.DeleteAsync($"api/apps/{Id}", CancellationToken.None);
        if (deleted.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.NotFound))
            TestContext.Current.AddWarning($"App {Id} was not deleted: {(int)deleted.StatusCode} {await deleted.Content.ReadAsStringAsync()}");
    }
}
