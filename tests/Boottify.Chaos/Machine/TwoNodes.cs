using Boottify.Chaos.Machine;
using Boottify.EndToEnd;

[assembly: AssemblyFixture(typeof(TwoNodes))]

namespace Boottify.Chaos.Machine;

/// <summary>
/// Two control planes on the checkout's own database, in place of the one that ops/up started, behind its address. They come
/// up with the first test that asks; at the end all is as it was, whatever happened.
/// </summary>
public sealed class TwoNodes : IAsyncLifetime
{
    private readonly List<Node> nodes = [];
    private readonly Report report = new();
    private Front? front;

    public IReadOnlyList<Node> All
    {
        get
        {
            lock (nodes)
                return [.. nodes];
        }
    }

    public Report Report => report;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Two nodes are up, alive and awake, and every component is.</summary>
    public async Task ReadyAsync()
    {
        if (front is null)
        {
            await Component.ControlPlane.StopAsync();
            front = new Front(new Uri(Platform.Setting("BOOTTIFY_URL")).Port, () => All);
        }

        await Component.RestoreAsync();
        foreach (var dead in All.Where(node => !node.IsAlive || !node.IsReady))
            Remove(dead);
        foreach (var paused in All.Where(node => node.IsPaused))
            paused.Continue();
        await Task.WhenAll(Enumerable.Range(0, Math.Max(0, 2 - All.Count)).Select(_ => AddAsync()));
    }

    /// <summary>Starts one more.</summary>
    public async Task<Node> AddAsync()
    {
        var node = await Node.StartAsync(FreePort());
        lock (nodes)
            nodes.Add(node);
        return node;
    }

    public Node Of(string name) => All.FirstOrDefault(node => node.Is(name)) ?? throw new InvalidOperationException($"No node of this test runs as {name}.");

    public void Remove(Node node)
    {
        lock (nodes)
            nodes.Remove(node);
        node.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (front is null)
            return;
        try
        {
            foreach (var node in All)
            {
                if (node.IsPaused)
                    node.Continue();
                node.Terminate();
            }

            foreach (var node in All)
                await node.EndAsync();
        }
        finally
        {
            foreach (var node in All)
                Remove(node);
            front.Dispose();
            await Component.RestoreAsync();
            await Component.ControlPlane.StartAsync();
            report.Write();
        }
    }

    private static int FreePort() => Testing.FreePorts.Next();
}
