using System.Text;
using System.Text.Json;
using Boottify.Cluster;
using Boottify.Cluster.Objects;
using Boottify.Platform;
using k8s;

namespace Boottify.Tests.Cluster;

public class ObjectsTests
{
    [Fact]
    public void Everything_is_labelled_with_app_team_and_platform()
    {
        var labels = Tenancy.Namespace(Workloads.Workload(), Workloads.Instance).Metadata.Labels;
        labels["app.kubernetes.io/managed-by"].Should().Be("boottify");
        labels["boottify.dev/app"].Should().Be("k1234567");
        labels["boottify.dev/team"].Should().Be("t1234567");
        labels["boottify.dev/instance"].Should().Be(Workloads.Instance);
    }

    [Fact]
    public void The_pull_secret_is_what_docker_reads()
    {
        var secret = Tenancy.PullSecret(Workloads.Workload(), Workloads.Instance);
        secret.Type.Should().Be("kubernetes.io/dockerconfigjson");
        var login = JsonDocument.Parse(secret.Data[".dockerconfigjson"]).RootElement.GetProperty("auths").GetProperty("registry:5000");
        Encoding.UTF8.GetString(login.GetProperty("auth").GetBytesFromBase64()).Should().Be("pusher:pushpass");
    }

    [Fact]
    public void The_service_account_brings_no_token() => Tenancy.ServiceAccount(Workloads.Workload(), Workloads.Instance).AutomountServiceAccountToken.Should().BeFalse();

    [Theory]
    [InlineData(1, "6", "300m", "3Gi")]
    [InlineData(3, "12", "600m", "6Gi")]
    [InlineData(20, "75", "3750m", "38400Mi")]
    public void The_quota_has_room_for_both_releases_the_pods_that_surge_and_those_that_drain(int replicas, string pods, string cpu, string memory)
    {
        var hard = Quotas.ResourceQuota(Workloads.Workload(replicas), running: null, Workloads.Instance).Spec.Hard;
        hard["pods"].ToString().Should().Be(pods);
        hard["requests.cpu"].ToString().Should().Be(cpu);
        hard["limits.memory"].ToString().Should().Be(memory);
    }

    [Fact]
    public void Going_from_a_large_release_to_a_small_one_leaves_room_for_the_first_small_pod()
    {
        var large = new WorkloadResources("1", "2", "1Gi", "4Gi");
        var running = WorkloadObjects.Deployment(Workloads.Workload(replicas: 2, large), Workloads.Old, Workloads.Instance);
        var hard = Quotas.ResourceQuota(Workloads.Workload(), running, Workloads.Instance).Spec.Hard;
        hard["limits.memory"].ToDecimal().Should().BeGreaterThan((3 * 4096m * 1024 * 1024) + (512m * 1024 * 1024));
    }

    [Fact]
    public void The_hash_follows_settings_and_secrets_whatever_their_order_and_tells_them_apart()
    {
        var one = AppEnvironment.Hash(Workloads.Workload(settings: new() { ["A"] = "1", ["B"] = "2" }));
        AppEnvironment.Hash(Workloads.Workload(settings: new() { ["B"] = "2", ["A"] = "1" })).Should().Be(one);
        AppEnvironment.Hash(Workloads.Workload(settings: new() { ["A"] = "1", ["B"] = "3" })).Should().NotBe(one);
        AppEnvironment.Hash(Workloads.Workload(secrets: new() { ["API_KEY"] = "other" })).Should().NotBe(AppEnvironment.Hash(Workloads.Workload()));
        AppEnvironment.Hash(Workloads.Workload(settings: new() { ["A"] = "1" }, secrets: [])).Should().NotBe(AppEnvironment.Hash(Workloads.Workload(settings: [], secrets: new() { ["A"] = "1" })));
    }

    [Fact]
    public void The_service_keeps_its_selector_and_port_from_release_to_release() =>
        KubernetesJson.Serialize(Network.Service(Workloads.Workload(deployment: "d1"), Workloads.Instance))
            .Should().Be(KubernetesJson.Serialize(Network.Service(Workloads.Workload(deployment: "d2") with { Port = 8080 }, Workloads.Instance)));

    [Fact]
    public void The_ingress_names_each_host_and_belongs_to_no_other_controller()
    {
        var spec = Network.Ingress(Workloads.Workload(), Workloads.Instance).Spec;
        spec.IngressClassName.Should().Be("boottify");
        spec.Rules.Should().ContainSingle().Which.Host.Should().Be("my.example.org");
        Network.Ingress(Workloads.Workload() with { Hosts = [] }, Workloads.Instance).Spec.DefaultBackend.Should().NotBeNull();
    }

    [Fact]
    public void The_network_policy_lets_in_only_the_apps_own_pods_the_nodes_and_the_edge()
    {
        var policy = Network.NetworkPolicy(Workloads.Workload(), Workloads.Settings, Workloads.Old.NodeAddresses).Spec;
        policy.PolicyTypes.Should().BeEquivalentTo("Ingress", "Egress");
        var from = policy.Ingress.Should().ContainSingle().Which.FromProperty;
        from.Where(peer => peer.IpBlock is not null).Select(peer => peer.IpBlock.Cidr).Should().BeEquivalentTo("172.30.0.1/32", "192.0.2.7/32");
        from.Should().OnlyContain(peer => peer.NamespaceSelector == null);
    }

    [Fact]
    public void The_network_policy_lets_each_edge_in_and_the_app_out_to_each()
    {
        var settings = Workloads.Settings with { EdgeAddresses = EdgeAddresses.Parse("192.0.2.7, 192.0.2.8, 2001:db8::7") };
        var policy = Network.NetworkPolicy(Workloads.Workload(), settings, ["172.30.0.1", "192.0.2.8"]).Spec;
        policy.Ingress.Should().ContainSingle().Which.FromProperty.Where(peer => peer.IpBlock is not null).Select(peer => peer.IpBlock.Cidr)
            .Should().BeEquivalentTo("172.30.0.1/32", "192.0.2.7/32", "192.0.2.8/32", "2001:db8::7/128");
        policy.Egress[^1].To.Select(peer => peer.IpBlock.Cidr).Should().BeEquivalentTo("192.0.2.7/32", "192.0.2.8/32", "2001:db8::7/128");
        policy.Egress[^1].Ports.Should().BeNull();
    }

    [Fact]
    public void The_network_policy_lets_out_to_the_internet_and_the_apps_database_but_to_no_private_range()
    {
        var egress = Network.NetworkPolicy(Workloads.Workload(), Workloads.Settings, Workloads.Old.NodeAddresses).Spec.Egress;
        var internet = egress.SelectMany(rule => rule.To ?? []).Single(peer => peer.IpBlock?.Cidr == "0.0.0.0/0").IpBlock;
        internet.Except.Should().Contain(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]);
        var database = egress.Single(rule => (rule.To ?? []).Any(peer => peer.IpBlock?.Cidr == "172.30.0.1/32"));
        database.Ports.Should().ContainSingle().Which.Port.Value.Should().Be("15432");
    }
}
