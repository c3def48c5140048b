using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Boottify.EndToEnd;

public sealed class RubbishWebhookTests(Platform platform, RubbishWebhookTests.Target target) : IClassFixture<RubbishWebhookTests.Target>
{
    public static TheoryData<string, string> Rubbish => new()
    {
        { "nothing", "" },
        { "no JSON", "hello" },
        { "a JSON array", "[1,2,3]" },
        { "null", "null" },
        { "a number", "42" },
        { "half an object", "{\"app\": \"x" },
        { "no app", "{\"repository\": 1, \"sha\": \"x\"}" },
        { "wrong types", "{\"app\": {\"id\": 1}, \"repository\": [], \"ref\": 7, \"sha\": false}" },
        { "null bytes", "\0\0\0\0{}" },
        { "an unpaired surrogate", "{\"app\": \"\\ud800\", \"repository\": \"\\ud800\"}" },
        { "a megabyte of garbage", new string('x', 1 << 20) },
        { "a thousand levels", new string('[', 1000) + new string(']', 1000) },
        { "a short commit", "{\"app\": \"{app}\", \"ref\": \"refs/heads/main\", \"sha\": \"abc\", \"repository\": {}}" },
        { "a commit that is none", "{\"app\": \"{app}\", \"repository\": \"x\", \"ref\": \"refs/heads/main\", \"sha\": \"$(reboot)\"}" },
    };

    [Theory]
    [MemberData(nameof(Rubbish))]
    public async Task Rubbish_is_refused_with_words_that_say_what_to_send(string what, string body)
    {
        foreach (var path in new[] { "api/webhooks/deployment", "api/webhooks/github" })
        {
            // Signed rightly, so that nothing but the body can be what is wrong.
            using var answer = await SendAsync(path, Encoding.UTF8.GetBytes(body.Replace("{app}", target.App.Id, StringComparison.Ordinal)), target.App.Secret);
            if (path.EndsWith("github", StringComparison.Ordinal) && answer.StatusCode == HttpStatusCode.Unauthorized)
                continue; // It names no repository of an app, so there is no secret that it could be signed with.
            answer.StatusCode.Should().Be(HttpStatusCode.BadRequest, $"{path} got {what}");
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
            (await answer.ReadAsync<Problem>(HttpStatusCode.BadRequest)).Detail.Should().NotBeNullOrWhiteSpace();
        }

        await NothingHappenedAsync();
    }

    [Theory]
    [InlineData("api/webhooks/deployment", "{\"app\":\"{app}\",\"sha\":\"{sha}\",\"message\":\"\\u0000\",\"actor\":\"\\u0000\"}")]
    [InlineData("api/webhooks/deployment", "{\"app\":\"{app}\",\"sha\":\"{sha}\",\"delivery\":\"\\u0000\"}")]
    [InlineData("api/webhooks/github", "{\"repository\":{\"clone_url\":\"\\u0000\"}}")]
    public async Task Text_that_the_database_cannot_hold_is_refused(string path, string form)
    {
        var body = form.Replace("{app}", target.App.Id, StringComparison.Ordinal).Replace("{sha}", target.App.Source.Head, StringComparison.Ordinal);
        using var answer = await SendAsync(path, Encoding.UTF8.GetBytes(body), target.App.Secret);
        (await answer.ReadAsync<Problem>(HttpStatusCode.BadRequest)).Detail.Should().Contain("U+0000");
        await NothingHappenedAsync();
    }

    [Theory]
    [InlineData("api/webhooks/deployment", "{\"app\":\"{app}\",\"ref\":\"refs/heads/main\",\"sha\":\"{sha}\"}")]
    [InlineData("api/webhooks/github", "{\"ref\":\"refs/heads/main\",\"after\":\"{sha}\",\"repository\":{\"clone_url\":\"{url}\"}}")]
    public async Task A_push_that_is_signed_wrongly_or_not_at_all_is_refused(string path, string form)
    {
        var body = Encoding.UTF8.GetBytes(form.Replace("{app}", target.App.Id, StringComparison.Ordinal)
            .Replace("{sha}", target.App.Source.Head, StringComparison.Ordinal).Replace("{url}", target.App.Source.Url, StringComparison.Ordinal));
        foreach (var secret in new[] { null, "wrong", "" })
        {
            using var answer = await SendAsync(path, body, secret);
            (await answer.ReadAsync<Problem>(HttpStatusCode.Unauthorized)).Detail.Should().Contain("X-Hub-Signature-256");
        }

        await NothingHappenedAsync();
    }

    [Theory]
    [InlineData("api/webhooks/deployment", "{\"app\":\"\\u0000\",\"sha\":\"\\u0000\"}")]
    [InlineData("api/webhooks/deployment", "{\"app\":\"no-such-app\"}")]
    [InlineData("api/webhooks/github", "{\"repository\":{\"clone_url\":\"'; drop table mt_events; --\"}}")]
    public async Task A_push_for_an_app_that_is_not_there_is_refused_as_unsigned(string path, string body)
    {
        using var answer = await SendAsync(path, Encoding.UTF8.GetBytes(body), target.App.Secret);
        (await answer.ReadAsync<Problem>(HttpStatusCode.Unauthorized)).Detail.Should().NotBeNullOrWhiteSpace();
        await NothingHappenedAsync();
    }

    private async Task<HttpResponseMessage> SendAsync(string path, byte[] body, string? secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-GitHub-Event", "push");
        if (secret is not null)
            request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}");
        return await platform.Anonymous.SendAsync(request, Platform.Deadline());
    }

    private async Task NothingHappenedAsync()
    {
        (await target.App.DeploymentsAsync()).Should().BeEmpty();
        using var health = await platform.Anonymous.GetAsync("health/ready", Platform.Deadline());
        health.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    public sealed class Target(Platform platform) : SharedApp(platform);
}
