namespace Boottify.EndToEnd;

/// <summary>An app that the tests of a class share; nothing is deployed.</summary>
public class SharedApp(Platform platform) : IAsyncLifetime
{
    public DeployableApp App { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() => App = await platform.CreateAppAsync(SourceRepository.Sample("node-server"), "Shared");

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The Node sample, live.</summary>
public sealed class LiveApp(Platform platform) : SharedApp(platform)
{
    /// <summary>The deployment that made it so.</summary>
    public Deployment Deployment { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Deployment = await App.PushAsync();
        Deployment.Status.Should().Be("succeeded", Deployment.Error);
    }
}
