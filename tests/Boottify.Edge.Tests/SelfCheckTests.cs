using System.Net;
using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;

namespace Boottify.Edge.Tests;

/// <summary>The control plane's question on port 80, through the real nginx, about hosts that no route has.</summary>
[Collection(SharedEdgeCollection.Name)]
public sealed class SelfCheckTests(SharedEdge shared)
{
    private static readonly SelfCheckProof s_proof = new(RunningEdge.Token);

    private RunningEdge Edge => shared.Edge;

    [Fact]
    public async Task A_right_question_about_a_host_that_is_not_served_yet_gets_the_answer_that_an_edge_alone_can_give()
    {
        var (host, token) = Question();
        using var answer = await AskAsync($"{host}", token);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        s_proof.IsAnswer(host, token, await answer.Content.ReadAsStringAsync()).Should().BeTrue();
        using var page = await AskAsync($"{host}", path: "/");
        page.StatusCode.Should().Be(HttpStatusCode.NotFound, "the host is as unknown as before");
    }

    [Fact]
    public async Task It_is_answered_about_a_host_that_is_served_too_and_neither_redirected_nor_shown_to_the_app()
    {
        await using var app = await TenantApp.StartAsync("a");
        var (_, served) = await Edge.ServeNewAsync(app);
        HostName.TryParse(served, out var host, out _).Should().BeTrue();
        var token = s_proof.NewToken(host);
        using var answer = await AskAsync(served.ToUpperInvariant(), token);
        s_proof.IsAnswer(host, token, await answer.Content.ReadAsStringAsync()).Should().BeTrue("names are the same in any case");
        app.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_question_about_another_host_or_a_changed_one_or_one_made_with_another_key_is_not_found()
    {
        var (host, token) = Question();
        var stranger = new SelfCheckProof("another token").NewToken(host);
        var changed = token[..^1] + (token[^1] == 'A' ? 'B' : 'A');
        foreach (var (asked, with) in new[] { ($"other.{Edge.Zone.Name}", token), ("127.0.0.1", token), ($"{host}", changed), ($"{host}", token + "A"), ($"{host}", token[..^1]), ($"{host}", stranger), ($"{host}", SelfCheckProof.Prefix) })
        {
            using var answer = await AskAsync(asked, with);
            answer.StatusCode.Should().Be(HttpStatusCode.NotFound, $"{asked} {with}");
        }

        using var posted = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, Edge.Http("127.0.0.1", SelfCheckProof.Path + token)) { Headers = { Host = $"{host}" } };
        using var refused = await posted.SendAsync(request);
        refused.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    private (HostName Host, string Token) Question()
    {
        HostName.TryParse(Edge.NewHost(), out var host, out _).Should().BeTrue();
        return (host, s_proof.NewToken(host));
    }

    private async Task<HttpResponseMessage> AskAsync(string host, string token = "", string path = SelfCheckProof.Path)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(60) };
        using var request = new HttpRequestMessage(HttpMethod.Get, Edge.Http("127.0.0.1", path + token)) { Headers = { Host = host } };
        return await client.SendAsync(request);
    }
}
