using System.Collections.Concurrent;
using Boottify.Apps;
using Boottify.Cluster;
using Boottify.IntegrationTests.Housekeeping;
using Boottify.Logs;
using k8s;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Cluster;

/// <summary>The real cluster, reached as the control plane reaches it.</summary>
public sealed class ClusterFixture : IAsyncDisposable
{
    private readonly ServiceProvider services = RealPlatform.Services();

    public ICluster Cluster => services.GetRequiredService<ICluster>();

    public IKubernetes Kubernetes => services.GetRequiredService<IKubernetes>();

    public ClusterSettings Settings => services.GetRequiredService<ClusterSettings>();

    public TestImages Images { get; } = new();

    public TestApp NewApp() => new(this);

    public async ValueTask DisposeAsync()
    {
        await Images.DisposeAsync();
        await services.DisposeAsync();
    }
}

/// <summary>An app under a random id; its namespace goes with it.</summary>
public sealed class TestApp(ClusterFixture fixture) : IAsyncDisposable
{
    private int deployments;

    public string Id { get; } = AppIds.New();

    public string Namespace => $"app-{Id}";

    /// <summary>Another release: each call is another deployment.</summary>
    public AppWorkload Release(string image, string mode = "ok", string? version = null, int replicas = 1, IReadOnlyDictionary<string, string>? secrets = null)
    {
        var deployment = AppIds.NewDeployment(DateTimeOffset.UtcNow.AddMilliseconds(++deployments));
        return new AppWorkload(
            Namespace, Id, "t1234567", deployment, image, 3000, "/health", replicas, new WorkloadResources("10m", "1", "32Mi", "256Mi"),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["MODE"] = mode, ["VERSION"] = version ?? deployment },
            secrets ?? new Dictionary<string, string>(StringComparer.Ordinal) { ["API_KEY"] = "s3cret" },
            [$"{Id}.{RealPlatform.Setting("BOOTTIFY_DOMAIN")}"], null,
            new RegistryAccess(RealPlatform.Setting("BOOTTIFY_REGISTRY"), RealPlatform.Setting("BOOTTIFY_REGISTRY_USER"), RealPlatform.Setting("BOOTTIFY_REGISTRY_PASSWORD")));
    }

    public async Task<AppliedWorkload> DeployAsync(AppWorkload release, RecordedLog? log = null, TimeSpan? deadline = null)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var applied = await fixture.Cluster.ApplyAsync(release, cancellation);
        await fixture.Cluster.WatchRolloutAsync(release, deadline ?? TimeSpan.FromMinutes(8), log ?? new RecordedLog(), cancellation);
        return applied;
    }

    public async ValueTask DisposeAsync() => await fixture.Cluster.DeletePatientlyAsync(Namespace);
}

/// <summary>What a deployment's log got.</summary>
public sealed class RecordedLog : ILogSink
{
    private readonly ConcurrentQueue<(LogOrigin Origin, string Text)> lines = new();

    public IEnumerable<string> System => lines.Where(l => l.Origin == LogOrigin.System).Select(l => l.Text);

    public IEnumerable<string> Output => lines.Where(l => l.Origin == LogOrigin.Stdout).Select(l => l.Text);

    public ValueTask WriteAsync(LogOrigin origin, string text, CancellationToken cancellation)
    {
        lines.Enqueue((origin, text));
        TestContext.Current.TestOutputHelper?.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {origin}: {text}");
        return ValueTask.CompletedTask;
    }
}
