using Boottify.Access;
using Boottify.Apps;
using Boottify.Platform;
using Marten;

namespace Boottify.Domains;

public static class GetDomains
{
    public const string None = "The app has no such domain. GET /api/apps/{app}/domains lists those it has.";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/apps/{app}/domains", ListAsync).Needs(Role.Viewer).WithName("ListDomains");
        api.MapGet("/apps/{app}/domains/{host}", GetAsync).Needs(Role.Viewer).WithName("GetDomain");
    }

    /// <summary>The app's claim of the name in whatever spelling; null if it has none.</summary>
    public static async Task<(App App, Domain? Domain)> FindAsync(IQuerySession session, string appId, string host, PlatformSettings settings, CancellationToken cancellation)
    {
        var app = await session.LoadAsync<App>(appId, cancellation) ?? throw new InvalidOperationException($"App {appId} vanished.");
        var domain = DomainName.TryParse(host, settings, out var name, out _) ? await session.LoadAsync<Domain>(Domain.IdOf(app.TeamId, name), cancellation) : null;
        return (app, domain is { RemovedAt: null } && string.Equals(domain.AppId, appId, StringComparison.Ordinal) ? domain : null);
    }

    /// <summary>By name. A page holds all: an app has a limited number.</summary>
    private static async Task<Page<DomainView>> ListAsync(string app, IQuerySession session, DomainViews views, CancellationToken cancellation)
    {
        var owner = await session.LoadAsync<App>(app, cancellation) ?? throw new InvalidOperationException($"App {app} vanished.");
        var domains = await session.Query<Domain>().Where(d => d.AppId == app && d.RemovedAt == null).OrderBy(d => d.Host).ToListAsync(cancellation);
        return new Page<DomainView>(await views.OfAsync(owner, domains, cancellation), null);
    }

    private static async Task<IResult> GetAsync(string app, string host, IQuerySession session, DomainViews views, PlatformSettings settings, CancellationToken cancellation) =>
        await FindAsync(session, app, host, settings, cancellation) is (var owner, { } domain) ? Results.Ok(await views.OfAsync(owner, domain, cancellation)) : Problems.NotFound(None);
}
