using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Boottify.EndToEnd;

public sealed class DuplicateWebhookTests(Platform platform)
{
    [Fact]
    public async Task The_same_push_a_hundred_times_at_once_makes_one_deployment()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("node-server"), "Hundred");
        var delivery = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => app.SendWebhookAsync(delivery: delivery)));

        answers.Count(a => a.StatusCode == HttpStatusCode.Accepted).Should().Be(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.OK).Should().Be(99);
        var ids = await Task.WhenAll(answers.Select(async a => (await a.ReadAsync<Accepted>(a.StatusCode)).Id));
        (await app.DeploymentsAsync()).Should().ContainSingle().Which.Id.Should().Be(ids.Distinct().Should().ContainSingle().Subject);
    }

    [Fact]
    public async Task The_same_commit_in_a_hundred_deliveries_makes_one_deployment_too()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("node-server"), "Hundred deliveries");
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => app.SendWebhookAsync()));

        answers.Select(a => (int)a.StatusCode).Order().Should().Equal(Enumerable.Repeat(200, 99).Append(202));
        var ids = await Task.WhenAll(answers.Select(async a => (await a.ReadAsync<Accepted>(a.StatusCode)).Id));
        (await app.DeploymentsAsync()).Should().ContainSingle().Which.Id.Should().Be(ids.Distinct().Should().ContainSingle().Subject);
    }

    [Fact]
    public async Task GitHub_s_own_push_deploys_and_its_redelivery_answers_with_the_same_deployment()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("node-server"), "GitHub");
        using (var ping = await SendAsync(app, "ping", new { zen = "Keep it logically awesome.", repository = new { clone_url = app.Source.Url } }))
            ping.StatusCode.Should().Be(HttpStatusCode.OK);
        (await app.DeploymentsAsync()).Should().BeEmpty();

        var push = new
        {
            @ref = "refs/heads/main",
            after = app.Source.Head,
            deleted = false,
            repository = new { clone_url = app.Source.Url, full_name = "ada/app" },
            head_commit = new { id = app.Source.Head, message = "First\n\nand more" },
            pusher = new { name = "ada" },
        };
        var delivery = Guid.NewGuid().ToString();
        var first = await (await SendAsync(app, "push", push, delivery)).ReadAsync<Accepted>(HttpStatusCode.Accepted);
        var again = await (await SendAsync(app, "push", push, delivery)).ReadAsync<Accepted>();
        first.Commit.Should().Be(app.Source.Head);
        again.Id.Should().Be(first.Id);
        (await app.DeploymentsAsync()).Should().ContainSingle().Which.Id.Should().Be(first.Id);
    }

    private async Task<HttpResponseMessage> SendAsync(DeployableApp app, string kind, object payload, string? delivery = null)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(payload);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/webhooks/github") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-GitHub-Event", kind);
        request.Headers.Add("X-GitHub-Delivery", delivery ?? Guid.NewGuid().ToString());
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(app.Secret), body))}");
        return await platform.Anonymous.SendAsync(request, Platform.Deadline());
    }
}
