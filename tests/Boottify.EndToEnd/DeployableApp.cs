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

    /// <summary>Asks for a deployment that needs no push: <c>deployments</c> for the newest commit, <c>rollback</c> for an earlier release.</summary>
    /// <returns>The deployment's id.</returns>
    public async Task<string> RequestAsync(string what, object body) =>
        (await (await platform.Api.PostAsJsonAsync($"api/apps/{Id}/{what}", body, Platform.Deadline())).ReadAsync<Accepted>(HttpStatusCode.Accepted)).Id;

    public async Task SetVariableAsync(string name, string value)
    {
        using var set = await platform.Api.PutAsJsonAsync($"api/apps/{Id}/env/{name}", new { value }, Platform.Deadline());
        set.IsSuccessStatusCode.Should().BeTrue(await set.Content.ReadAsStringAsync());
    }

    public async Task CancelAsync(string deployment)
    {
        using var accepted = await platform.Api.PostAsync($"api/deployments/{deployment}/cancel", null, Platform.Deadline());
        accepted.StatusCode.Should().Be(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<Deployment>> DeploymentsAsync() =>
        (await (await platform.Api.GetAsync($"api/apps/{Id}/deployments", Platform.Deadline())).ReadAsync<Listed<Deployment>>()).Items;

    /// <summary>All lines of the log, in pages of that many.</summary>
    public async Task<IReadOnlyList<LogLine>> LinesAsync(string deployment, int limit = 1000, string? search = null)
    {
        var lines = new List<LogLine>();
        for (long? after = 0; after is not null;)
        {
            var query = $"after={after}&limit={limit}{(search is null ? "" : $"&search={Uri.EscapeDataString(search)}")}";
            var page = await (await platform.Api.GetAsync($"api/deployments/{deployment}/logs?{query}", Platform.Deadline())).ReadAsync<LogPage>();
            page.Lines.Count.Should().BeLessThanOrEqualTo(limit);
            lines.AddRange(page.Lines);
            after = page.Next.ValueKind == JsonValueKind.Number ? page.Next.GetInt64() : null;
        }

        return lines;
    }

    /// <summary>Follows the deployment until the event is there; fails when it ends without.</summary>
    public async Task UntilAsync(string deployment, Func<StreamEvent, bool> isThere)
    {
        await foreach (var e in DeploymentStream.FollowAsync(platform.Api, deployment, ct: Platform.Deadline()))
        {
            if (isThere(e))
                return;
        }

        throw new InvalidOperationException($"Deployment {deployment} ended as {(await DeploymentAsync(deployment)).Status} before what was waited for:\n{string.Join('\n', await LogAsync(deployment))}");
    }

    public Task UntilStepAsync(string deployment, string step) =>
        UntilAsync(deployment, e => e.Type == "step" && e.Data.GetProperty("step").GetString() == step);

    public Task UntilLineAsync(string deployment, string text) =>
        UntilAsync(deployment, e => e.Type == "log" && e.Lines.Any(line => line.Text.Contains(text, StringComparison.Ordinal)));

    /// <summary>Asks the app through the edge, over HTTPS that verifies.</summary>
    public Task<HttpResponseMessage> GetAsync(string path = "/") =>
        platform.Edge.GetAsync(new Uri($"https://{Host}{path}"), Platform.Deadline());

    public async Task<string> GetStringAsync(string path = "/") =>
        await platform.Edge.GetStringAsync(new Uri($"https://{Host}{path}"), Platform.Deadline());

    /// <summary>The edge answers with the text, and the cluster runs the release's image.</summary>
    public async Task ShouldServeAsync(Deployment release, string answer)
    {
        (await GetStringAsync()).Should().Be(answer);
        (await CommandLine.KubectlAsync("get", "deployment", "app", "--namespace", Namespace, "--output", "jsonpath={.spec.template.spec.containers[0].image}"))
            .Should().EndWith(release.Image!.Digest);
    }

    /// <summary>Deletes the app, if nobody has yet, and returns once the platform says that every trace is gone.</summary>
    public async Task DeleteAsync()
    {
        using var accepted = await platform.Api.DeleteAsync($"api/apps/{Id}", Platform.Deadline());
        accepted.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.NotFound);
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
