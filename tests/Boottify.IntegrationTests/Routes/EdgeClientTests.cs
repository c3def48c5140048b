using Boottify.Apps;
using Boottify.Contracts.Edge;
using Boottify.IntegrationTests.Cluster;
using Boottify.Routes;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Routes;

/// <summary>Against the edge that `ops/up` started.</summary>
public sealed class EdgeClientTests : IAsyncDisposable
{
    private readonly ServiceProvider services = RealPlatform.Services();
    private readonly string app = AppIds.New();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IEdge Edge => services.GetRequiredService<IEdge>();

    [Fact]
    public async Task A_route_is_live_when_the_put_returns_and_putting_it_again_is_the_same_as_once()
    {
        var first = await Edge.PutRouteAsync(Route(1), Cancellation);
        first.Live.Should().BeTrue();
        first.Version.Should().Be(1);
        (await Edge.PutRouteAsync(Route(1), Cancellation)).Version.Should().Be(1);
        (await Edge.GetRouteAsync(app, TimeSpan.Zero, Cancellation))!.Hosts.Should().ContainSingle().Which.Host.Should().StartWith(app);
    }

    [Fact]
    public async Task A_wish_that_comes_late_is_told_from_a_fault()
    {
        await Edge.PutRouteAsync(Route(5), Cancellation);
        await FluentActions.Awaiting(() => Edge.PutRouteAsync(Route(4), Cancellation)).Should().ThrowAsync<StaleRouteException>();
    }

    [Fact]
    public async Task A_withdrawn_route_is_not_there_any_more_and_withdrawing_may_be_repeated()
    {
        await Edge.PutRouteAsync(Route(1), Cancellation);
        await Edge.DeleteRouteAsync(app, 2, Cancellation);
        await Edge.DeleteRouteAsync(app, 2, Cancellation);
        (await Edge.GetRouteAsync(app, TimeSpan.Zero, Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task An_app_that_the_edge_has_never_heard_of_has_no_route() =>
        (await Edge.GetRouteAsync(AppIds.New(), TimeSpan.FromSeconds(1), Cancellation)).Should().BeNull();

    public async ValueTask DisposeAsync()
    {
        await Edge.DeleteRouteAsync(app, 1000, CancellationToken.None);
        await services.DisposeAsync();
    }

    private AppRoute Route(long version) => new(app, version, "127.0.0.1:9", [new RouteHost($"{app}.{RealPlatform.Setting("BOOTTIFY_DOMAIN")}")]);
}
