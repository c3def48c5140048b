using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Access;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Engine;

/// <summary>Walks every endpoint there is, so that a new one cannot be forgotten.</summary>
public class CrossTeamTests(ControlPlane platform)
{
    [Fact]
    public async Task What_belongs_to_another_team_does_not_exist_for_a_stranger()
    {
        var team = await platform.CreateTeamAsync();
        var stranger = await platform.CreateMemberAsync(await platform.CreateTeamAsync(), "owner");
        var app = await platform.CreateAppAsync(team);
        var deployment = await DeployAsync(app);

        var walked = 0;
        foreach (var (method, path) in Endpoints(team, app.Id, deployment))
        {
            using var answer = await SendAsync(stranger, method, path, new { team, name = "x", value = "x" });
            answer.StatusCode.Should().Be(HttpStatusCode.NotFound, $"{method} {path}");
            walked++;
        }

        walked.Should().BeGreaterThan(15);
    }

    [Fact]
    public async Task A_stranger_cannot_register_an_app_for_another_team()
    {
        var stranger = await platform.CreateMemberAsync(await platform.CreateTeamAsync(), "owner");
        var body = new { team = await platform.CreateTeamAsync(), name = "x", repository = new { url = "http://127.0.0.1:9/x.git" } };
        using var answer = await stranger.PostAsJsonAsync("/api/apps", body);
        answer.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Lists_hold_the_own_team_alone()
    {
        var (ours, theirs) = (await platform.CreateTeamAsync(), await platform.CreateTeamAsync());
        var foreign = await platform.CreateAppAsync(theirs);
        var mine = await platform.CreateAppAsync(ours);
        var viewer = await platform.CreateMemberAsync(ours, "viewer");

        var apps = await viewer.GetFromJsonAsync<JsonElement>("/api/apps");
        apps.GetProperty("items").EnumerateArray().Select(a => a.GetProperty("id").GetString()).Should().Equal(mine.Id);
        var teams = await viewer.GetFromJsonAsync<JsonElement>("/api/teams");
        teams.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("id").GetString()).Should().Equal(ours);
        await DeployAsync(foreign);
        var queue = await viewer.GetFromJsonAsync<JsonElement>("/api/queue");
        queue.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("team").GetString()).Should().OnlyContain(team => team == ours);
    }

    [Fact]
    public async Task Nothing_but_webhooks_answers_without_a_token()
    {
        var team = await platform.CreateTeamAsync();
        var app = await platform.CreateAppAsync(team);
        var deployment = await DeployAsync(app);
        foreach (var (method, path) in Endpoints(team, app.Id, deployment).Append((HttpMethod.Get, "/api/apps")).Append((HttpMethod.Get, "/api/queue")).Append((HttpMethod.Post, "/api/teams")))
        {
            using var answer = await SendAsync(platform.Anonymous, method, path, new { });
            answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized, $"{method} {path}");
            using var forged = await SendAsync(platform.WithToken(AccessToken.NewSecret()), method, path, new { });
            forged.StatusCode.Should().Be(HttpStatusCode.Unauthorized, $"{method} {path}");
        }
    }

    [Theory]
    [InlineData("/API/apps")]
    [InlineData("/Api/teams")]
    [InlineData("//api/apps")]
    public async Task No_spelling_of_an_address_gets_around_the_token(string path)
    {
        using var answer = await platform.Anonymous.GetAsync(new Uri(path, UriKind.Relative));
        answer.StatusCode.Should().BeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.NotFound);
        using var post = await platform.Anonymous.PostAsJsonAsync($"/API/teams/{await platform.CreateTeamAsync()}/tokens", new { name = "mine", role = "owner" });
        post.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_viewer_changes_nothing()
    {
        var team = await platform.CreateTeamAsync();
        var viewer = await platform.CreateMemberAsync(team, "viewer");
        var app = await platform.CreateAppAsync(team);
        var deployment = await DeployAsync(app);
        foreach (var (method, path) in Endpoints(team, app.Id, deployment).Where(e => e.Method != HttpMethod.Get))
        {
            using var answer = await SendAsync(viewer, method, path, new { value = "x", name = "x" });
            answer.StatusCode.Should().Be(HttpStatusCode.Forbidden, $"{method} {path}");
        }
    }

    private static async Task<string> DeployAsync(TestApp app)
    {
        using var answer = await app.PushAsync(TestApp.NewCommit());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>Every endpoint under /api whose route names something that a team owns.</summary>
    private IEnumerable<(HttpMethod Method, string Path)> Endpoints(string team, string app, string deployment) =>
        from endpoint in platform.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let path = endpoint.RoutePattern.RawText!
        where path.StartsWith("/api", StringComparison.Ordinal) && endpoint.RoutePattern.Parameters.Count > 0
        from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
        select (HttpMethod.Parse(method), path.Replace("{team}", team).Replace("{app}", app).Replace("{deployment}", deployment).Replace("{name}", "NAME").Replace("{id}", "x").Replace("{host}", "shop.example.com"));

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, object body) =>
        client.SendAsync(new HttpRequestMessage(method, path) { Content = method == HttpMethod.Get ? null : JsonContent.Create(body) }, HttpCompletionOption.ResponseHeadersRead);
}
