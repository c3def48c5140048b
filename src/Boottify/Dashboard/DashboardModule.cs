using Microsoft.Net.Http.Headers;

namespace Boottify.Dashboard;

/// <summary>
/// The web page for people who watch deployments. It is a client of the HTTP interface like any other: its files hold
/// nothing that needs a token, and what it shows it asks for with the reader's own.
/// </summary>
public static class DashboardModule
{
    // The strictest policy there is: own files only, and no way to turn text into markup (Trusted Types without a policy).
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public static IEndpointRouteBuilder MapDashboard(this IEndpointRouteBuilder app)
    {
        var page = PageFiles.Load();

        // The page finds out by the address what to show.
        foreach (var address in new[] { "/", "/queue", "/apps/{id}", "/deployments/{id}" })
            Map(app, address, context => Answer(context, page.Index, "no-cache"));

        // The version in the path is the files' own hash, so that a browser keeps them for good and a new version is seen at once.
        // During an upgrade of several nodes another version may be asked for: it gets the present files, uncached.
        Map(app, "/assets/{version}/{**path}", context => page.Find((string?)context.GetRouteValue("path")) is { } file
            ? Answer(context, file, page.Version.Equals(context.GetRouteValue("version")) ? "public, max-age=31536000, immutable" : "no-cache")
            : Results.NotFound());
        return app;
    }

    private static void Map(IEndpointRouteBuilder app, string pattern, Func<HttpContext, IResult> answer) =>
        app.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], answer).AllowAnonymous().ExcludeFromDescription();

    private static IResult Answer(HttpContext context, PageFile file, string caching)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = caching;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        var zipped = context.Request.GetTypedHeaders().AcceptEncoding.Any(each => each.Value == "gzip" && each.Quality is null or > 0);
        if (zipped)
            headers.ContentEncoding = "gzip";
        return Results.Bytes(zipped ? file.Zipped : file.Plain, file.ContentType, entityTag: zipped ? file.ZippedTag : file.PlainTag);
    }
}
