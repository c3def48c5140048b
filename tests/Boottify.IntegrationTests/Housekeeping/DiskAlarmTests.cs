using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Databases;
using Boottify.IntegrationTests.Builds;
using Boottify.IntegrationTests.Engine;
using CliWrap;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Housekeeping;

/// <summary>A node whose sources are on a disk of 64 MB, which is then filled for real.</summary>
public sealed class DiskAlarmTests : IAsyncLifetime
{
    private readonly string disk = Path.Combine(Path.GetTempPath(), $"boottify-disk-{Guid.NewGuid():N}");
    private readonly BuildFixture sources = new();
    private readonly List<string> apps = [];
    private ControlPlane platform = null!;
    private string team = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Filler => Path.Combine(disk, "filler");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(disk);
        await Cli.Wrap("mount").WithArguments(["-t", "tmpfs", "-o", "size=64m", "boottify-test", disk]).ExecuteAsync();
        await sources.InitializeAsync();
        platform = new ControlPlane
        {
            Settings = new Dictionary<string, string>
            {
                ["BOOTTIFY_DATA"] = disk,
                ["BOOTTIFY_HOUSEKEEPING_SECONDS"] = "0",
                ["BOOTTIFY_DISK_FREE_MB"] = "16",
                ["BOOTTIFY_DISK_FREE_PERCENT"] = "0",
                // Housekeeping of one kind cannot be done here; the others do not mind.
                ["BOOTTIFY_PDNS_KEY"] = "not the key",
            },
        };
        await platform.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in apps)
        {
            await platform.Services.GetRequiredService<ICluster>().DeletePatientlyAsync($"app-{app}");
            await platform.Services.GetRequiredService<IAppDatabases>().DropAsync($"app_{app}", $"app_{app}", CancellationToken.None);
            await platform.Services.GetRequiredService<IImageBuilder>().DeletePatientlyAsync($"apps/{app}");
        }

        await platform.DisposeAsync();
        await sources.DisposeAsync();
        await Cli.Wrap("umount").WithArguments(["--lazy", disk]).ExecuteAsync();
        Directory.Delete(disk);
    }

    [Fact]
    public async Task A_low_disk_stops_new_builds_says_why_and_lets_them_go_on_once_there_is_room()
    {
        (await ReadyAsync()).GetProperty("buildsStopped").ValueKind.Should().Be(JsonValueKind.Null);
        var running = await AppAsync("RUN i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo working $i; sleep 0.1; done");
        await UntilAsync(running, d => d.GetProperty("status").GetString() == "building");

        // 52 of 64 MB: less than 16 are left.
        await File.WriteAllBytesAsync(Filler, new byte[52 << 20], Token);
        var waiting = await AppAsync("RUN echo short");
        // Until the node has told it, within two seconds, the queue's own reason is shown.
        var seen = await UntilAsync(waiting, d => d.GetProperty("waitingFor").GetString()?.Contains("stopped", StringComparison.Ordinal) == true);
        seen.GetProperty("status").GetString().Should().Be("queued");
        seen.GetProperty("waitingFor").GetString().Should().Contain("Builds are stopped on node").And.Contain(disk).And.Contain("builds need 16.0 MB").And.Contain("of 64.0 MB");
        // Where the disk is, and which node's, is for administrators alone.
        (await ReadyAsync()).GetProperty("buildsStopped").GetString().Should().Contain("nearly full").And.NotContain(disk);
        using var developer = await platform.CreateMemberAsync(team, "developer");
        foreach (var deployments in new[] { waiting, "/api/queue" })
            (await developer.GetStringAsync(new Uri(deployments, UriKind.Relative), Token)).Should().Contain("nearly full").And.NotContain(disk).And.NotContain("on node");

        // What was being built goes on, all the way through its build.
        await UntilAsync(running, d => Step(d, "build") == "succeeded");
        (await DeploymentAsync(waiting)).GetProperty("status").GetString().Should().Be("queued");

        // The alarm has set off housekeeping by itself; the kind that cannot be looked at keeps no other one from its turn.
        var report = await UntilAsync("/api/housekeeping", answer => answer.GetProperty("last").ValueKind == JsonValueKind.Object);
        report.GetProperty("last").GetProperty("why").GetString().Should().Be("a disk is low");
        var kinds = report.GetProperty("last").GetProperty("kinds").EnumerateArray().ToDictionary(k => k.GetProperty("kind").GetString()!, k => k.GetProperty("error").ToString());
        kinds["dnsRecord"].Should().Contain("BOOTTIFY_PDNS_KEY");
        kinds.Where(k => k.Key != "dnsRecord").Should().HaveCount(7).And.OnlyContain(k => k.Value == "");

        File.Delete(Filler);
        var gone = await UntilAsync(waiting, d => Step(d, "build") == "succeeded");
        gone.GetProperty("waitingFor").ValueKind.Should().Be(JsonValueKind.Null);
        await Patience.UntilAsync(async () => (await ReadyAsync()).GetProperty("buildsStopped").ValueKind == JsonValueKind.Null);

        // What becomes of the two apart from their builds does not matter here.
        foreach (var deployment in new[] { running, waiting })
        {
            using var cancelled = await platform.Administrator.PostAsync(new Uri($"{deployment}/cancel", UriKind.Relative), null, Token);
            await UntilAsync(deployment, d => d.GetProperty("finishedAt").ValueKind == JsonValueKind.String);
        }
    }

    /// <summary>Pushes a commit whose build runs the command.</summary>
    /// <returns>Where its deployment is to be seen.</returns>
    private async Task<string> AppAsync(string command)
    {
        var repository = await sources.RepositoryAsync(("Dockerfile", $"FROM node:20-alpine\nENV X={Guid.NewGuid()}\n{command}\nUSER 1000\n"));
        team = team.Length > 0 ? team : await platform.CreateTeamAsync();
        var app = await ControlPlane.PostAsync(platform.Administrator, "/api/apps", new { team, name = "An app", repository = new { url = repository.Url, branch = "main" } });
        apps.Add(app.GetProperty("id").GetString()!);
        return $"/api/deployments/{(await ControlPlane.PostAsync(platform.Administrator, $"/api/apps/{apps[^1]}/deployments", new { })).GetProperty("id").GetString()}";
    }

    private static string? Step(JsonElement deployment, string name) =>
        deployment.GetProperty("steps").EnumerateArray().First(s => s.GetProperty("name").GetString() == name).GetProperty("status").GetString();

    private Task<JsonElement> DeploymentAsync(string path) => platform.Administrator.GetFromJsonAsync<JsonElement>(path, Token);

    private Task<JsonElement> ReadyAsync() => platform.Anonymous.GetFromJsonAsync<JsonElement>("/health/ready", Token);

    private async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> holds)
    {
        JsonElement last = default;
        await TidyPlatform.UntilAsync($"{path} is as expected", async () => holds(last = await DeploymentAsync(path)));
        return last;
    }
}
