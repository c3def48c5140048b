using System.Diagnostics;

namespace Boottify.IntegrationTests.Builds;

/// <summary>A real registry of the test's own, open to all, whose disk the test may touch; ended and removed with it.</summary>
internal sealed class OwnRegistry : IAsyncDisposable
{
    private const int Tries = 5;

    private readonly string folder = Directory.CreateTempSubdirectory("boottify-registry-").FullName;
    private OwnProcess? server;

    public string Address { get; private set; } = "";

    public static async Task<OwnRegistry> StartAsync()
    {
        var registry = new OwnRegistry();
        try
        {
            // Whoever takes the port in between makes it end at once: then another one.
            for (var tries = 1; ; tries++)
            {
                await registry.LaunchAsync();
                if (await registry.AnswersAsync())
                    return registry;
                tries.Should().BeLessThan(Tries, "{0}", registry.server!.Said);
                await registry.StopAsync();
            }
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes away what a manifest's removal takes first, as if the registry had been killed after that.</summary>
    public void ForgetManifest(string repository, string digest) =>
        Directory.Delete(Path.Combine(Manifests(repository), "revisions", digest.Replace(':', '/')), recursive: true);

    /// <summary>As if the registry had been killed while it wrote the tag.</summary>
    public void Empty(string repository, string tag) => File.WriteAllBytes(Link(repository, tag), []);

    /// <summary>As if its disk failed at this one manifest.</summary>
    public void Spoil(string repository, string digest) =>
        File.WriteAllBytes(Path.Combine(Manifests(repository), "revisions", digest.Replace(':', '/'), "link"), []);

    /// <summary>The digest that a tag leads to, as the disk has it.</summary>
    public string LedTo(string repository, string tag) => File.ReadAllText(Link(repository, tag));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(folder, recursive: true);
    }

    private string Link(string repository, string tag) => Path.Combine(Manifests(repository), "tags", tag, "current", "link");

    private string Manifests(string repository) => Path.Combine(folder, "docker/registry/v2/repositories", repository, "_manifests");

    private async Task LaunchAsync()
    {
        Address = $"127.0.0.1:{Testing.FreePorts.Next()}";
        var configuration = Path.Combine(folder, "config.yml");
        await File.WriteAllTextAsync(configuration, $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage:
              filesystem: { rootdirectory: {{folder}} }
              delete: { enabled: true }
            http: { addr: {{Address}} }
            """);
        server = new OwnProcess(new ProcessStartInfo("docker-registry", ["serve", configuration]));
    }

    private async Task<bool> AnswersAsync()
    {
        using var http = new HttpClient();
        var answers = false;
        await Patience.UntilAsync(async () =>
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://{Address}/v2/"), BuildFixture.Token);
                answers = answer.IsSuccessStatusCode && !server!.HasExited;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            return answers || server!.HasExited;
        });
        return answers;
    }

    private async Task StopAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        server = null;
    }
}
