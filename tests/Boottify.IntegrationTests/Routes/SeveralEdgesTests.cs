using System.Net;
using System.Net.Http.Json;
using Boottify.Contracts.Edge;
using Boottify.IntegrationTests.Cluster;
using Boottify.IntegrationTests.Engine;
using Boottify.Routes;
using Microsoft.Extensions.DependencyInjection;
using static Boottify.Testing.Patience;

namespace Boottify.IntegrationTests.Routes;

/// <summary>One control plane and two real edges, of which one goes away and comes back.</summary>
public sealed class SeveralEdgesTests : IAsyncLifetime
{
    private readonly SecondEdge second = new();
    private readonly ControlPlane platform;
    private string app = "";

    public SeveralEdgesTests() => platform = new ControlPlane
    {
        Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["BOOTTIFY_EDGE_URL"] = $"{RealPlatform.Setting("BOOTTIFY_EDGE_URL")}, {second.Url}" },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IEdge Edges => platform.Services.GetRequiredService<IEdge>();

    private AppRoutes Routes => platform.Services.GetRequiredService<AppRoutes>();

    public async ValueTask InitializeAsync()
    {
        await second.StartAsync(Token);
        await platform.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await using (var services = RealPlatform.Services())
        {
            if (app.Length > 0)
                await services.GetRequiredService<IEdge>().DeleteRouteAsync(app, DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeMilliseconds(), CancellationToken.None);
        }

        await platform.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task An_edge_that_is_away_holds_up_what_is_taken_away_and_not_what_is_put_and_is_told_later_what_it_missed()
    {
        app = (await platform.CreateAppAsync(await platform.CreateTeamAsync())).Id;
        var version = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await ServeAsync(version, "127.0.0.1:9");
        (await AtFirstAsync())!.Version.Should().Be(version);
        (await AtSecondAsync())!.Version.Should().Be(version);
        (await Edges.BeginFreshConnectionsAsync(app, TimeSpan.FromSeconds(1), Token)).Should().BeTrue();

        await second.KillAsync();
        (await ServeAsync(version + 1, "127.0.0.1:10")).Upstream.Should().Be("127.0.0.1:10");
        (await AtFirstAsync())!.Version.Should().Be(version + 1);
        (await Edges.GetRouteAsync(app, TimeSpan.Zero, Token))!.Version.Should().Be(version + 1);
        (await Edges.BeginFreshConnectionsAsync(app, TimeSpan.FromSeconds(1), Token)).Should().BeFalse("the other's connections run out by themselves");
        await FluentActions.Awaiting(() => Edges.HostsOnAnyAsync(app, Token)).Should().ThrowAsync<HttpRequestException>("it may serve on what nobody can see");
        (await FluentActions.Awaiting(() => Routes.WithdrawRouteAsync(app, version + 1, Token)).Should().ThrowAsync<HttpRequestException>())
            .Which.Message.Should().Contain($"{second.Url}").And.Contain("BOOTTIFY_EDGE_URL");

        // Withdrawn where it could be; a deployment brings it back there, and the other edge learns of that by itself.
        await Routes.PutAsync(app, version + 2, "127.0.0.1:11", Token);
        await second.StartAsync(Token);
        await UntilAsync(async () => await AtSecondAsync() is { Version: var now, Upstream: "127.0.0.1:11" } && now == version + 2);

        await UntilAsync(() => WithdrawnAsync(version + 3));
        (await AtFirstAsync()).Should().BeNull();
        (await AtSecondAsync()).Should().BeNull();
        (await Edges.HostsOnAnyAsync(app, Token)).Should().BeEmpty();
    }

    private async Task<RouteStatus?> AtFirstAsync()
    {
        await using var services = RealPlatform.Services();
        return await services.GetRequiredService<IEdge>().GetRouteAsync(app, TimeSpan.Zero, Token);
    }

    /// <summary>Puts it; nginx may take it a moment after the edge has it.</summary>
    private async Task<RouteStatus> ServeAsync(long version, string upstream)
    {
        await Routes.PutAsync(app, version, upstream, Token);
        return (await Patience.UntilAsync(() => Edges.GetRouteAsync(app, TimeSpan.Zero, Token), route => route is { Live: true } && route.Version == version))!;
    }

    /// <returns>False while an edge that has just come up does not answer yet.</returns>
    private async Task<bool> WithdrawnAsync(long version)
    {
        try
        {
            await Routes.WithdrawRouteAsync(app, version, Token);
            return true;
        }
        catch (HttpRequestException fault) when (fault.Message.Contains("does not answer", StringComparison.Ordinal))
        {
            return false;
        }
    }

    private async Task<RouteStatus?> AtSecondAsync()
    {
        using var client = second.Client();
        using var answer = await client.GetAsync(new Uri($"v1/routes/{app}", UriKind.Relative), Token);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await answer.Content.ReadFromJsonAsync<RouteStatus>(Token);
    }
}
