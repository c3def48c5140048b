using Boottify.IntegrationTests.Engine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Boottify.IntegrationTests.Branches;

/// <summary>Two nodes on a database of their own, both looking at branches every other second.</summary>
public sealed class TwoNodes : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Often = new(StringComparer.Ordinal) { ["BOOTTIFY_HEADS_EVERY"] = "2" };
    private readonly ControlPlane first = new() { Settings = Often };
    private readonly ControlPlane second;

    public TwoNodes() => second = new ControlPlane { Settings = Often, Beside = first };

    public NpgsqlDataSource Database => first.Services.GetRequiredService<NpgsqlDataSource>();

    public async ValueTask InitializeAsync()
    {
        await first.InitializeAsync();
        await second.InitializeAsync();
    }

    public Task<BranchApp> CreateAppAsync(string url) => BranchApp.CreateAsync(first.Administrator, first.Anonymous, url);

    /// <summary>The same app, as the second node shows it.</summary>
    public BranchApp OnTheOther(BranchApp app) => app with { Api = second.Administrator };

    public async ValueTask DisposeAsync()
    {
        await second.DisposeAsync();
        await first.DisposeAsync();
    }
}
