using System.Net.Http.Headers;
using System.Text;
using CliWrap;
using CliWrap.Buffered;

namespace Boottify.IntegrationTests.Cluster;

/// <summary>Small images in the real registry, built from node:20-alpine; each kind once a run.</summary>
public sealed class TestImages : IAsyncDisposable
{
    private const string Server = """
        const http = require('http');
        const { MODE = 'ok', VERSION = 'none', PORT } = process.env;
        console.log(`starting ${VERSION} in mode ${MODE}`);
        if (MODE === 'crash') { console.error('FATAL: the database is on fire'); process.exit(3); }
        const server = http.createServer((request, response) => {
          const sick = MODE === 'unready' && request.url === '/health';
          if (sick) console.log('health asked, not well');
          response.writeHead(sick ? 503 : 200, { 'content-type': 'text/plain' });
          response.end(request.url === '/env' ? JSON.stringify(process.env) : VERSION);
        });
        server.keepAliveTimeout = 60000;
        setTimeout(() => server.listen(Number(PORT), '0.0.0.0'), MODE === 'slow' ? 25000 : 0);
        process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
        """;

    private static readonly SemaphoreSlim One = new(1, 1);
    private readonly string version = Guid.NewGuid().ToString("N");   // of this class of tests: another one may end, and remove its own, meanwhile
    private readonly List<string> made = [];
    private readonly string folder = Directory.CreateTempSubdirectory("boottify-images-").FullName;

    /// <summary>By digest. Obeys MODE (ok, crash, unready, slow to start) and answers with VERSION.</summary>
    public Task<string> ServerAsync() => BuildAsync("server", "FROM node:20-alpine\nCOPY server.js /server.js\nUSER 1000\nCMD [\"node\", \"/server.js\"]\n");

    /// <summary>The same with no shell and no tool in it, as distroless images are.</summary>
    public Task<string> ServerWithoutShellAsync() => BuildAsync(
        "bare", "FROM node:20-alpine\nCOPY server.js /server.js\nRUN [\"node\", \"-e\", \"require('fs').rmSync('/bin/sh', {force: true}); require('fs').rmSync('/bin/sleep', {force: true}); require('fs').rmSync('/bin/busybox', {force: true})\"]\nUSER 1000\nENTRYPOINT [\"node\", \"/server.js\"]\n");

    public Task<string> ServerAsRootAsync() => BuildAsync("root", "FROM node:20-alpine\nCOPY server.js /server.js\nUSER 0\nCMD [\"node\", \"/server.js\"]\n");

    public async ValueTask DisposeAsync()
    {
        // Without the layers below it, which another class may be building on.
        foreach (var tag in made)
            await Cli.Wrap("docker").WithArguments(["rmi", "--force", "--no-prune", tag]).WithValidation(CommandResultValidation.None).ExecuteAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<string> BuildAsync(string kind, string dockerfile)
    {
        await One.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var registry = RealPlatform.Setting("BOOTTIFY_REGISTRY");
            RealPlatform.Setting("DOCKER_HOST");
            var tag = $"{registry}/tests/cluster-{kind}:{version}";
            await File.WriteAllTextAsync(Path.Combine(folder, "Dockerfile"), dockerfile);
            await File.WriteAllTextAsync(Path.Combine(folder, "server.js"), Server);
            await DockerAsync(null, "build", "--tag", tag, folder);
            await DockerAsync(RealPlatform.Setting("BOOTTIFY_REGISTRY_PASSWORD"), "login", "--username", RealPlatform.Setting("BOOTTIFY_REGISTRY_USER"), "--password-stdin", registry);
            await Patience.UntilAsync(async () => (await TryDockerAsync(null, "push", tag)).ExitCode == 0, () => $"docker push {tag} failed");
            if (!made.Contains(tag))
                made.Add(tag);
            return $"{registry}/tests/cluster-{kind}@{await DigestAsync(registry, $"tests/cluster-{kind}")}";
        }
        finally
        {
            One.Release();
        }
    }

    private async Task DockerAsync(string? input, params string[] arguments)
    {
        var result = await TryDockerAsync(input, arguments);
        result.ExitCode.Should().Be(0, $"docker {arguments[0]} said: {result.StandardOutput}{result.StandardError}");
    }

    private async Task<BufferedCommandResult> TryDockerAsync(string? input, params string[] arguments) =>
        await Cli.Wrap("docker").WithArguments(["--config", folder, .. arguments])
            .WithStandardInputPipe(input is null ? PipeSource.Null : PipeSource.FromString(input))
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(TestContext.Current.CancellationToken);

    private async Task<string> DigestAsync(string registry, string repository)
    {
        using var http = new HttpClient();
        using var ask = new HttpRequestMessage(HttpMethod.Head, $"http://{registry}/v2/{repository}/manifests/{version}");
        ask.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.docker.distribution.manifest.v2+json"));
        ask.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(
            $"{RealPlatform.Setting("BOOTTIFY_REGISTRY_USER")}:{RealPlatform.Setting("BOOTTIFY_REGISTRY_PASSWORD")}")));
        using var answer = await http.SendAsync(ask, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
        return answer.Headers.GetValues("Docker-Content-Digest").Single();
    }
}
