using Boottify.IntegrationTests.Cluster;
using Boottify.IntegrationTests.Engine;
using Boottify.IntegrationTests.Lifecycle;

namespace Boottify.IntegrationTests.Domains;

/// <summary>A control plane that looks again and lets go within seconds.</summary>
public sealed class HastyPlatform : IAsyncLifetime
{
    private readonly UriBuilder edge = new(RealPlatform.Setting("BOOTTIFY_EDGE_URL"));

    public HastyPlatform()
    {
        Door = new Doorway(edge.Host, edge.Port);
        edge.Port = Door.Port;
        Platform = new ControlPlane { Settings = new Dictionary<string, string>(Settings, StringComparer.Ordinal) { ["BOOTTIFY_EDGE_URL"] = edge.ToString() } };
    }

    /// <summary>Through which it reaches the edge.</summary>
    public Doorway Door { get; }

    public ControlPlane Platform { get; }

    private static Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["BOOTTIFY_DOMAIN_CHECK_SECONDS"] = "1",
        ["BOOTTIFY_DOMAIN_GRACE_SECONDS"] = "0",
        ["BOOTTIFY_DOMAINS_PER_APP"] = "2",
        ["BOOTTIFY_ROLLOUT_SECONDS"] = "240",
        // Where the real nginx listens, instead of 80.
        ["BOOTTIFY_SELF_CHECK_PORT"] = RealPlatform.Setting("BOOTTIFY_HTTP_PORT"),
    };

    public ValueTask InitializeAsync() => Platform.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await Platform.DisposeAsync();
        await Door.DisposeAsync();
    }
}
