using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace Boottify.Cluster.Objects;

/// <summary>Who may talk to an app, by which name, and with whom it may talk.</summary>
internal static class Network
{
    /// <summary>The named container port: a release may listen on another port than the one before, while both serve.</summary>
    public const string PortName = "http";

    public const int ServicePort = 80;

    /// <summary>
    /// In: from the app's own pods and from the nodes and the edges, where nginx and the kubelet are.
    /// Out: names, the app's own pods, its database, the edges, and the public internet. Private and link-local ranges are
    /// left out, because there are the other tenants' pods, the cluster's own services and the cloud's metadata service.
    /// </summary>
    /// <param name="nodeAddresses">The nodes' own addresses.</param>
    public static V1NetworkPolicy NetworkPolicy(AppWorkload workload, ClusterSettings settings, IEnumerable<string> nodeAddresses)
    {
        var (databaseHost, databasePort) = RequiredSettings.HostAndPort("BOOTTIFY_APP_DATABASE_HOST", settings.DatabaseHost);
        var trusted = nodeAddresses.Select(AsBlock).Concat(settings.EdgeAddresses.Select(AsBlock)).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var egress = new List<V1NetworkPolicyEgressRule>
        {
            new() { Ports = [Port("UDP", 53), Port("TCP", 53)] },
            new() { To = [OwnPods()] },
            new()
            {
                To =
                [
                    Block("0.0.0.0/0", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
                    Block("::/0", "::1/128", "fc00::/7", "fe80::/10"),
                ],
            },
        };
        if (AsBlock(databaseHost) is { } database)
            egress.Add(new() { To = [Block(database)], Ports = [Port("TCP", databasePort)] });
        egress.Add(new() { To = [.. settings.EdgeAddresses.Select(address => Block(AsBlock(address)))] });

        return new V1NetworkPolicy
        {
            ApiVersion = "networking.k8s.io/v1",
            Kind = "NetworkPolicy",
            Metadata = Labels.Meta(workload, settings.Instance, Apps.AppNames.Workload),
            Spec = new V1NetworkPolicySpec
            {
                PodSelector = new V1LabelSelector(),
                PolicyTypes = ["Ingress", "Egress"],
                Ingress = [new V1NetworkPolicyIngressRule { FromProperty = [OwnPods(), .. trusted.Select(block => Block(block))] }],
                Egress = egress,
            },
        };
    }

    /// <summary>Keeps its address over all applies, because no field of it that we name ever changes but for the one more port.</summary>
    /// <param name="settledPort">See <see cref="ICluster.OpenSettledPortAsync"/>; null for a Service without it.</param>
    public static V1Service Service(AppWorkload workload, string instance, int? settledPort = null) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Labels.Meta(workload, instance, Apps.AppNames.Workload),
        Spec = new V1ServiceSpec
        {
            Type = "ClusterIP",
            Selector = Labels.Selector(workload),
            Ports = settledPort is { } port ? [ToPods(PortName, ServicePort), ToPods("settled", port)] : [ToPods(PortName, ServicePort)],
        },
    };

    /// <summary>
    /// States the hosts in the cluster's own terms, for tools that read Ingress objects. Its class keeps other controllers
    /// off: requests come in through Boottify's own edge.
    /// </summary>
    public static V1Ingress Ingress(AppWorkload workload, string instance)
    {
        var backend = new V1IngressBackend
        {
            Service = new V1IngressServiceBackend { Name = Apps.AppNames.Workload, Port = new V1ServiceBackendPort { Name = PortName } },
        };
        return new V1Ingress
        {
            ApiVersion = "networking.k8s.io/v1",
            Kind = "Ingress",
            Metadata = Labels.Meta(workload, instance, Apps.AppNames.Workload),
            Spec = new V1IngressSpec
            {
                IngressClassName = Labels.Platform,
                DefaultBackend = workload.Hosts.Count == 0 ? backend : null,
                Tls = workload.Hosts.Count == 0 ? null : [new V1IngressTLS { Hosts = [.. workload.Hosts] }],
                Rules = workload.Hosts.Count == 0 ? null :
                [
                    .. workload.Hosts.Select(host => new V1IngressRule
                    {
                        Host = host,
                        Http = new V1HTTPIngressRuleValue { Paths = [new V1HTTPIngressPath { Path = "/", PathType = "Prefix", Backend = backend }] },
                    }),
                ],
            },
        };
    }

    private static V1ServicePort ToPods(string name, int port) => new() { Name = name, Protocol = "TCP", Port = port, TargetPort = PortName };

    private static V1NetworkPolicyPeer OwnPods() => new() { PodSelector = new V1LabelSelector() };

    private static V1NetworkPolicyPeer Block(string cidr, params string[] except) =>
        new() { IpBlock = new V1IPBlock { Cidr = cidr, Except = except.Length == 0 ? null : except } };

    private static V1NetworkPolicyPort Port(string protocol, int port) => new() { Protocol = protocol, Port = port };

    /// <summary>One address as a block; null for a name, which a policy cannot hold.</summary>
    private static string? AsBlock(string address) => IPAddress.TryParse(address, out var ip) ? AsBlock(ip) : null;

    private static string AsBlock(IPAddress address) => $"{address}/{(address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)}";
}
