using Boottify.Contracts.Edge;
using Boottify.Edge.Tests.Support;
using static Boottify.Testing.Patience;

namespace Boottify.Edge.Tests;

/// <summary>The edge's own files: who may read them, and what becomes of it when they cannot be written.</summary>
public sealed class EdgeDiskTests(EdgeLifeTests.OwnZone zone) : IClassFixture<EdgeLifeTests.OwnZone>
{
    /// <summary>Where the tests are root, as nginx's workers then are not, a handshake shows that these can read the file; else its mode alone does.</summary>
    [Fact]
    public async Task A_strict_umask_keeps_no_certificate_from_nginxs_workers()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone, umask: "077");
        await using var app = await TenantApp.StartAsync("strict");
        var (_, host) = await edge.ServeNewAsync(app);
        File.GetUnixFileMode(edge.CertificateFile(host)).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        using var browser = await edge.BrowserAsync();
        (await browser.GetStringAsync(edge.Https(host))).Should().Be("hello from strict");
    }

    [Fact]
    public async Task What_could_not_be_written_at_the_start_is_tried_again_without_any_change()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var route = new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost(), RedirectToHttps: false)]);
        await edge.ServeAsync(route);
        await edge.StopProcessAsync();
        var folder = Path.Combine(edge.Data, "nginx/generations");
        Directory.Move(folder, folder + ".away");
        await File.WriteAllTextAsync(folder, "a file where a folder has to be");

        await edge.StartProcessAsync();
        await UntilAsync(() => Task.FromResult(edge.Said.Contains("nginx does not serve the desired routes", StringComparison.Ordinal)));
        (await edge.StatusAsync(route.AppId)).Live.Should().BeFalse();
        File.Delete(folder);
        await UntilAsync(async () => (await edge.StatusAsync(route.AppId)).Live);
    }

    [Fact]
    public async Task A_full_error_log_that_cannot_be_moved_ends_nothing_and_is_moved_later()
    {
        await using var edge = await RunningEdge.StartAsync(zone.Zone);
        await using var app = await TenantApp.StartAsync("a");
        var log = Path.Combine(edge.Data, "nginx/error.log");
        var inTheWay = Directory.CreateDirectory(log + ".1/folder");
        await using (var stream = new FileStream(log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) stream.SetLength(65 << 20);
        await UntilAsync(() => Task.FromResult(edge.Said.Contains("cannot be moved", StringComparison.Ordinal)));
        await edge.ServeAsync(new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost(), RedirectToHttps: false)]));

        inTheWay.Parent!.Delete(recursive: true);
        await UntilAsync(() => Task.FromResult(new FileInfo(log) is { Exists: true, Length: < 65 << 20 }));
        await edge.ServeAsync(new AppRoute(RunningEdge.NewAppId(), 1, app.Upstream, [new RouteHost(edge.NewHost(), RedirectToHttps: false)]));
    }
}
