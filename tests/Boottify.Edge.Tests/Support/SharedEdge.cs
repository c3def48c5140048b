namespace Boottify.Edge.Tests.Support;

/// <summary>One edge for the tests that leave it as they found it; those run one after the other.</summary>
public sealed class SharedEdge : IAsyncLifetime
{
    internal RunningEdge Edge { get; private set; } = null!;
    internal Zone Zone { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Zone.InitializeAsync();
        Edge = await RunningEdge.StartAsync(Zone);
    }

    public async ValueTask DisposeAsync()
    {
        await Edge.DisposeAsync();
        await Zone.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
#pragma warning disable CA1711 // xunit's own word for it.
public sealed class SharedEdgeCollection : ICollectionFixture<SharedEdge>
#pragma warning restore CA1711
{
    public const string Name = "one edge";
}
