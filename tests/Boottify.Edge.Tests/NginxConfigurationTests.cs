using Boottify.Contracts.Edge;
using Boottify.Edge.Files;
using Boottify.Edge.Nginx;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Tests;

public sealed class NginxConfigurationTests
{
    private static readonly EdgeSettings s_settings = new()
    {
        Listen = new Uri("http://127.0.0.1:1"),
        Token = "token",
        Data = "/data",
        Nginx = "nginx",
        Templates = Path.Combine(AppContext.BaseDirectory, "nginx-templates"),
        HttpPort = 80,
        HttpsPort = 443,
        Authorities = [new Acme.AuthoritySettings("first", new Uri("https://ca.test/"))],
    };

    [Fact]
    public async Task Many_hosts_are_lines_in_maps_and_not_servers()
    {
        var few = await RenderAsync(s_settings, Routes(2));
        var many = await RenderAsync(s_settings, Routes(2000));
        Servers(many).Should().Be(Servers(few));
        many.Files["tables.conf"].Should().Contain("  app1999.test app1999.test;");
        many.Files["names-standard.conf"].Should().Contain("server_name app1999.test;");
    }

    [Fact]
    public async Task Upstreams_past_the_cap_are_proxied_by_address()
    {
        var tables = (await RenderAsync(s_settings, Routes(NginxConfiguration.MostUpstreamBlocks + 1))).Files["tables.conf"];
        tables.Split("upstream u_").Should().HaveCount(NginxConfiguration.MostUpstreamBlocks + 1);
        tables.Split('\n').Should().ContainSingle(line => line.EndsWith(":3000;", StringComparison.Ordinal) && line.Contains(".test 10.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hosts_of_one_app_share_its_upstream()
    {
        var route = CheckedRoute.Check(new AppRoute("app", 1, "10.0.0.1:80", [new RouteHost("a.test"), new RouteHost("b.test", false)])).Route!;
        var tables = (await RenderAsync(s_settings, [route])).Files["tables.conf"];
        tables.Split("upstream u_10_0_0_1_80 {").Should().HaveCount(2);
        tables.Should().Contain("a.test u_10_0_0_1_80;").And.Contain("b.test u_10_0_0_1_80;").And.Contain("\"http b.test\" plain;").And.NotContain("\"http a.test\"");
    }

    [Fact]
    public async Task The_same_wish_renders_the_same_and_another_version_of_it_too()
    {
        var first = await RenderAsync(s_settings, Routes(3));
        (await RenderAsync(s_settings, [.. Routes(3).Select(route => route with { Version = 9 })])).Fingerprint.Should().Be(first.Fingerprint, "it needs no reload");
        (await RenderAsync(s_settings, Routes(4))).Fingerprint.Should().NotBe(first.Fingerprint);
        first.Numbered(17).Single(file => file.Name == "nginx.conf").Text.Should().Contain("return 200 \"17\"");
    }

    [Fact]
    public async Task A_redirect_names_the_port_only_when_it_is_an_unusual_one()
    {
        (await RenderAsync(s_settings, Routes(1))).Files["nginx.conf"].Should().Contain("https://$host$request_uri");
        (await RenderAsync(s_settings with { HttpsPort = 8443 }, Routes(1))).Files["nginx.conf"].Should().Contain("https://$host:8443$request_uri");
        (await RenderAsync(s_settings with { HttpPort = 80, HttpsPort = 443 }, Routes(1))).Files["nginx.conf"].Should().Contain("set $boottify_port \"\";").And.NotContain("set $boottify_port \":");
        (await RenderAsync(s_settings with { HttpPort = 8080, HttpsPort = 8443 }, Routes(1))).Files["nginx.conf"].Should().Contain("set $boottify_port \":8080\";").And.Contain("set $boottify_port \":8443\";");
    }

    [Fact]
    public async Task A_missing_or_broken_template_is_said_by_name()
    {
        var empty = Directory.CreateTempSubdirectory();
        var render = () => RenderAsync(s_settings with { Templates = empty.FullName }, Routes(1));
        (await render.Should().ThrowAsync<NginxRefusedException>()).WithMessage("*nginx.conf.liquid is missing*");
        await File.WriteAllTextAsync(Path.Combine(empty.FullName, "nginx.conf.liquid"), "{% for %}");
        (await render.Should().ThrowAsync<NginxRefusedException>()).WithMessage("*nginx.conf.liquid cannot be rendered*");
        empty.Delete(true);
    }

    private static int Servers(NginxConfiguration.Rendered rendered) => rendered.Files.Values.Sum(text => text.Split("server {").Length - 1);

    private static Task<NginxConfiguration.Rendered> RenderAsync(EdgeSettings settings, IReadOnlyList<CheckedRoute> routes) =>
        new NginxConfiguration(settings, new EdgeFolders(settings)).RenderAsync(routes, CancellationToken.None);

    private static List<CheckedRoute> Routes(int count) => [.. Enumerable.Range(0, count).Select(i =>
        CheckedRoute.Check(new AppRoute($"app{i}", 1, $"10.96.{i / 250}.{(i % 250) + 1}:3000", [new RouteHost($"app{i}.test")])).Route!)];
}
