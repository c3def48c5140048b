using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Boottify.Chaos.Machine;
using Boottify.EndToEnd;

namespace Boottify.Chaos;

public sealed class ThousandCopiesTests(Platform platform, TwoNodes nodes)
{
    private const int Copies = 1_000;

    [Fact]
    public async Task A_thousand_copies_of_one_delivery_at_two_nodes_with_one_killed_in_the_middle_make_one_deployment()
    {
        await nodes.ReadyAsync();
        await using var app = await platform.CreateAppAsync(Apps.Serving("a thousand"), "Thousand");
        var (doomed, other) = (nodes.All[0], nodes.All[1]);
        var (answered, broken) = (0, 0);
        var body = JsonSerializer.SerializeToUtf8Bytes(new { app = app.Id, repository = app.Source.Url, @ref = "refs/heads/main", sha = app.Source.Head });
        var signature = $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(app.Secret), body))}";
        var delivery = Guid.NewGuid().ToString();
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };

        var answers = await Task.WhenAll(Enumerable.Range(0, Copies).Select(n => Task.Run(() => SendAsync(n % 2 == 0 ? doomed : other))));

        broken.Should().BePositive("the node died while senders waited for it");
        doomed.IsAlive.Should().BeFalse();
        answers.Should().HaveCount(Copies);
        var id = answers.Select(a => a.Id).Distinct().Should().ContainSingle("all copies are told of the same deployment").Subject;
        (await app.DeploymentsAsync()).Should().ContainSingle().Which.Id.Should().Be(id);
        var ended = await app.EndOfAsync(id);
        ended.Commit.Should().Be(app.Source.Head);
        await new Aftermath(platform, app).ShouldBeRightAsync(id, "a thousand");
        nodes.Report.Add($"node, kill -9 after {Copies / 5} of {Copies} copies", "intake", $"one deployment, succeeded; {broken} sent again", null, wrong: null);

        async Task<Accepted> SendAsync(Node node)
        {
            while (true)
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{node.Port}/api/webhooks/deployment") { Content = new ByteArrayContent(body) };
                    request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                    request.Headers.Add("X-Hub-Signature-256", signature);
                    request.Headers.Add("X-GitHub-Delivery", delivery);
                    using var answer = await client.SendAsync(request);
                    answer.StatusCode.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.OK);
                    var accepted = (await answer.Content.ReadFromJsonAsync<Accepted>())!;
                    if (Interlocked.Increment(ref answered) == Copies / 5)
                        doomed.Kill();
                    return accepted;
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    // A sender that got no answer sends again, to whoever is there.
                    Interlocked.Increment(ref broken);
                    node = other;
                }
            }
        }
    }
}
