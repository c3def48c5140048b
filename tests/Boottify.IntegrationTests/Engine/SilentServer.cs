using System.Net;
using System.Net.Sockets;

namespace Boottify.IntegrationTests.Engine;

/// <summary>A git server that takes connections and never answers: who fetches from it stays in the first step.</summary>
public sealed class SilentServer : IAsyncDisposable
{
    /// <summary>Settings of a control plane that waits for this server as long as any test lasts.</summary>
    public static readonly IReadOnlyDictionary<string, string> Patiently = new Dictionary<string, string>(StringComparer.Ordinal) { ["BOOTTIFY_SOURCE_TIMEOUT"] = "3600" };

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> held = [];
    private readonly Task accepting;

    public SilentServer()
    {
        listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/none.git";
        accepting = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>Registers an app that is fetched from here.</summary>
    public async Task<TestApp> CreateAppAsync(ControlPlane platform, string team)
    {
        var app = await ControlPlane.PostAsync(platform.Administrator, "/api/apps", new { team, name = "An app", repository = new { url = Url, branch = "main" } });
        return new TestApp(app.GetProperty("id").GetString()!, app.GetProperty("webhook").GetProperty("secret").GetString()!, platform.Anonymous);
    }

    /// <returns>The deployment's id.</returns>
    public static async Task<string> DeployAsync(TestApp app)
    {
        using var answer = await app.PushAsync(TestApp.NewCommit());
        answer.StatusCode.Should().Be(HttpStatusCode.Accepted);
        return (await System.Net.Http.Json.HttpContentJsonExtensions.ReadFromJsonAsync<System.Text.Json.JsonElement>(answer.Content)).GetProperty("id").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        held.ForEach(client => client.Dispose());
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                held.Add(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
