using System.Text.Json;
using System.Text.RegularExpressions;

namespace Boottify.Tests.Compose;

public partial class ComposeFileTests
{
    private static readonly ComposeFile Compose = ComposeFile.Read();

    [Fact]
    public void It_has_every_part_of_the_platform() =>
        Compose.Services.Keys.Should().Contain(["postgres", "registry", "docker", "cluster", "dns", "acme", "git", "control-plane", "edge"]);

    [Fact]
    public void Images_are_pinned_by_a_version() =>
        Compose.Services.Values.Select(s => s.Image).Should().OnlyContain(image => PinnedImage().IsMatch(image!));

    [Fact]
    public void A_part_that_keeps_running_has_a_health_check() =>
        Compose.Services.Values.Where(s => !s.RunsOnce).Should().NotBeEmpty().And.OnlyContain(s => s.HasHealthCheck);

    [Fact]
    public void A_part_waits_only_for_parts_that_exist_and_can_say_that_they_are_ready()
    {
        foreach (var (name, condition) in Compose.Services.Values.SelectMany(s => s.DependsOn))
        {
            Compose.Services.Should().ContainKey(name);
            (condition switch
            {
                "service_healthy" => Compose.Services[name].HasHealthCheck,
                "service_completed_successfully" => Compose.Services[name].RunsOnce,
                _ => false,
            }).Should().BeTrue($"{condition} is asked of {name}");
        }
    }

    [Fact]
    public void Every_volume_that_is_mounted_is_declared_and_every_declared_one_is_mounted()
    {
        var mounted = Compose.Services.Values.SelectMany(s => s.Mounts).Select(m => m.Source).ToHashSet(StringComparer.Ordinal);
        mounted.Where(m => !m.StartsWith("./", StringComparison.Ordinal)).Should().BeEquivalentTo(Compose.Volumes);
        mounted.Where(m => m.StartsWith("./", StringComparison.Ordinal))
            .Should().OnlyContain(m => Path.Exists(Path.Combine(ComposeFile.Root, m)));
    }

    [Fact]
    public void No_two_parts_publish_the_same_port_or_stand_at_the_same_address()
    {
        var published = Compose.Services.Values.SelectMany(s => s.Published).ToList();
        published.Select(p => p.Outside).Should().OnlyHaveUniqueItems();
        published.Should().OnlyContain(p => p.Address == "127.0.0.1");
        var addresses = Compose.Services.Values.SelectMany(s => s.Addresses).ToList();
        addresses.Should().OnlyHaveUniqueItems();
        addresses.Where(a => char.IsDigit(a[0])).Should().OnlyContain(a => a.StartsWith("10.77.0.", StringComparison.Ordinal));
    }

    [Fact]
    public void No_secret_stands_in_it()
    {
        foreach (var service in Compose.Services.Values)
        {
            foreach (var (name, value) in service.RawEnvironment.Where(e => SecretName().IsMatch(e.Key) && !e.Value.StartsWith('/')))
                value.Should().MatchRegex(@"\A\$\{[A-Z_]+(:\?[^}]*|:-)?\}\z", $"{service.Name} gets {name}");
        }

        CredentialsInAddress().Matches(ComposeFile.Text).Should().NotBeEmpty()
            .And.OnlyContain(m => m.Groups["password"].Value.StartsWith("${", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_variable_it_asks_for_is_one_that_make_env_makes() =>
        ComposeFile.Variable().Matches(ComposeFile.Text).Where(m => !m.Groups["default"].Success).Select(m => m.Groups["name"].Value).Distinct()
            .Should().BeEquivalentTo(Compose.Variables.Keys);

    [Theory]
    [InlineData("control-plane")]
    [InlineData("edge")]
    public void An_address_in_a_setting_is_one_at_which_a_part_listens(string program)
    {
        var service = Compose.Services[program];
        var found = 0;
        foreach (var (name, value) in service.Environment)
        {
            if (Authority().Match(value) is not { Success: true } address)
                continue;
            var (host, port) = (address.Groups["host"].Value, int.Parse(address.Groups["port"].Value));
            var target = host is "0.0.0.0" or "127.0.0.1" ? Compose.NetworkOf(service) : Compose.At(host);
            target.Should().NotBeNull($"{program}'s {name} names {host}");
            target!.Listens.Should().Contain(port, $"{program}'s {name} names {host}:{port}");
            found++;
        }

        found.Should().BeGreaterThan(1);
    }

    [Fact]
    public void Visitors_and_the_acme_server_reach_nginx_at_the_ports_that_both_programs_believe_in()
    {
        var (edge, controlPlane) = (Compose.Services["edge"].Environment, Compose.Services["control-plane"].Environment);
        using var pebble = JsonDocument.Parse(File.ReadAllText(Path.Combine(ComposeFile.Root, "ops/docker/acme/pebble.json")));
        foreach (var (name, acme) in new[] { ("BOOTTIFY_HTTP_PORT", "httpPort"), ("BOOTTIFY_HTTPS_PORT", "tlsPort") })
        {
            var port = int.Parse(edge[name]);
            controlPlane[name].Should().Be(edge[name]);
            Compose.NetworkOf(Compose.Services["edge"]).Published.Should().Contain(("127.0.0.1", port, port));
            pebble.RootElement.GetProperty("pebble").GetProperty(acme).GetInt32().Should().Be(port);
        }

        controlPlane["BOOTTIFY_SELF_CHECK_PORT"].Should().Be(edge["BOOTTIFY_HTTP_PORT"], "nginx is what answers there");
        Compose.At(controlPlane["BOOTTIFY_EDGE_ADDRESS"]).Should().Be(Compose.NetworkOf(Compose.Services["edge"]));
        controlPlane["BOOTTIFY_EDGE_TOKEN"].Should().Be(edge["BOOTTIFY_EDGE_TOKEN"]);
    }

    [Fact]
    public void The_files_that_the_programs_are_told_of_lie_in_mounted_volumes_or_in_the_image()
    {
        foreach (var service in new[] { Compose.Services["control-plane"], Compose.Services["edge"] })
        {
            foreach (var (name, value) in service.Environment.Select(e => (e.Key, e.Value.Replace("unix://", "", StringComparison.Ordinal))).Where(e => e.Item2.StartsWith('/')))
            {
                (service.Mounts.Any(m => value == m.Target || value.StartsWith(m.Target + "/", StringComparison.Ordinal))
                    || value.StartsWith("/app/", StringComparison.Ordinal) || value.StartsWith("/usr/", StringComparison.Ordinal))
                    .Should().BeTrue($"{service.Name}'s {name} is {value}");
            }
        }
    }

    [GeneratedRegex(@"\A[a-z0-9./-]+:v?[0-9][A-Za-z0-9.-]*\z")]
    private static partial Regex PinnedImage();

    [GeneratedRegex("PASSWORD|TOKEN|SECRET|KEY$")]
    private static partial Regex SecretName();

    [GeneratedRegex(@"://[^/\s:@]+:(?<password>[^@\s]+)@")]
    private static partial Regex CredentialsInAddress();

    [GeneratedRegex(@"\A([a-z]+://([^@/]*@)?)?(?<host>[a-z0-9.-]+):(?<port>[0-9]+)(/.*)?\z")]
    private static partial Regex Authority();
}
