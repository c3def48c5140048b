using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Apps;
using Boottify.Builds;
using Boottify.Deployments;
using Boottify.Housekeeping;
using Docker.DotNet;

namespace Boottify.IntegrationTests.Housekeeping;

[Collection("Housekeeping")]
public class RetentionTests(TidyPlatform platform)
{
    private static CancellationToken Token => TidyPlatform.Token;

    [Fact]
    public async Task The_image_of_every_kept_release_survives_and_all_others_go()
    {
        var app = await platform.NewAppAsync();
        var built = new List<(BuildRequest Request, PushedImage Image)>();
        for (var n = 0; n < 7; n++)
            built.Add(await platform.PushedAsync(app));
        // Seven releases; the last one went back to the second. So the five that are kept are of images 4, 5, 6 and 2.
        int[] images = [1, 2, 3, 4, 5, 6, 2];
        await ReleaseAsync(app, [.. images.Select(n => built[n - 1])]);

        await platform.RunAsync();
        var kept = new List<int>();
        for (var n = 1; n <= 7; n++)
        {
            var (request, image) = built[n - 1];
            var inRegistry = await platform.DigestAsync(request.ImageRepository, image.Digest) is not null;
            (await IsLocalAsync(request)).Should().Be(inRegistry, $"of image {n}");
            if (inRegistry)
                kept.Add(n);
        }

        kept.Should().Equal(2, 3, 4, 5, 6);
        // Each further run would begin to put it into the cluster, where its image has nothing to run.
        await platform.DeleteAsync(app);
    }

    [Fact]
    public async Task The_build_cache_is_cut_to_its_budget_and_the_least_used_goes_first()
    {
        var (one, other) = (await platform.NewAppAsync(), await platform.NewAppAsync());
        var first = await StagesAsync();
        var second = await StagesAsync();
        await platform.BuildAsync(one, first);
        await platform.BuildAsync(other, second);
        // Used again, and by that later than the second.
        (await platform.BuildAsync(one, first)).Should().Contain("Using cache");

        var report = await platform.RunAsync();
        report.Cache!.Bytes.Should().BeGreaterThan(TidyPlatform.CacheBudget);
        (report.Cache.Bytes - report.Cache.RemovedBytes).Should().BeLessThanOrEqualTo(TidyPlatform.CacheBudget);

        var again = await platform.RunAsync();
        again.Cache!.Removed.Should().Be(0, "what is left fits");
        Installed(await platform.BuildAsync(one, first)).Should().BeFalse("its layers were used last");
        Installed(await platform.BuildAsync(other, second)).Should().BeTrue("its layers made room");
    }

    [Fact]
    public async Task What_a_failed_build_had_built_so_far_is_known_as_cache_and_what_it_began_with_is_not()
    {
        var app = await platform.NewAppAsync();
        var repository = await platform.RepositoryAsync($"FROM node:20-alpine\nENV X={Guid.NewGuid()}\nRUN echo half-way\nRUN sleep 3; exit 7\n");
        await FluentActions.Awaiting(() => platform.BuildAsync(app, repository)).Should().ThrowAsync<StepException>();

        var known = platform.Get<CacheUses>().All().Where(use => use.Value.Apps.Contains(app)).Select(use => use.Key).ToList();
        var noted = await platform.Docker.Images.InspectImageAsync(known.Should().ContainSingle().Which, Token);
        noted.RepoTags.Should().BeNullOrEmpty();
        noted.Config!.Env!.Should().Contain(variable => variable.StartsWith("X=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Administrators_alone_see_and_start_housekeeping()
    {
        var owner = await platform.ControlPlane.CreateMemberAsync(await platform.ControlPlane.CreateTeamAsync(), "owner");
        var (read, run) = (new Uri("/api/housekeeping", UriKind.Relative), new Uri("/api/housekeeping/run", UriKind.Relative));
        (await owner.GetAsync(read, Token)).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await owner.PostAsJsonAsync(run, new { dryRun = true }, Token)).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await platform.ControlPlane.Anonymous.GetAsync(read, Token)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await platform.ControlPlane.Anonymous.PostAsJsonAsync(run, new { }, Token)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);

        var report = await platform.RunAsync();
        var seen = await platform.ControlPlane.Administrator.GetFromJsonAsync<JsonElement>(read, Token);
        seen.GetProperty("last").GetProperty("finishedAt").GetDateTimeOffset().Should().BeCloseTo(report.FinishedAt, TimeSpan.FromMilliseconds(1));
        seen.GetProperty("last").GetProperty("kinds").EnumerateArray().Should().HaveCount(8);
        await TidyPlatform.UntilAsync("the node tells of its disks", async () =>
            (await platform.ControlPlane.Administrator.GetFromJsonAsync<JsonElement>(read, Token)).GetProperty("nodes").EnumerateArray()
            .Any(node => node.GetProperty("disks").EnumerateArray().Any(disk => disk.GetProperty("path").GetString() == platform.Data)));
    }

    // A first stage of five megabytes that nothing else shares, of which the second takes one small file.
    private Task<Builds.GitRepository> StagesAsync() => platform.RepositoryAsync(
        $"FROM node:20-alpine AS install\nENV X={Guid.NewGuid()}\nRUN echo really-installing && dd if=/dev/urandom of=/large bs=1M count=5 2>/dev/null && echo x > /small\nFROM node:20-alpine\nCOPY --from=install /small /small\nUSER 1000\n");

    private static bool Installed(string output) => output.Split('\n').Contains("really-installing");

    private async Task ReleaseAsync(string app, IReadOnlyList<(BuildRequest Request, PushedImage Image)> images)
    {
        await using var session = platform.ControlPlane.Store.LightweightSession();
        foreach (var (index, (request, image)) in images.Index())
        {
            session.Events.Append(app, new ReleaseRecorded(new Release(
                index + 1, $"{request.DeploymentId}{index.ToString(CultureInfo.InvariantCulture)}", request.Commit, image.Reference, image.Digest, false, 1, DateTimeOffset.UtcNow)));
        }

        await session.SaveChangesAsync(Token);
    }

    private async Task<bool> IsLocalAsync(BuildRequest request)
    {
        try
        {
            await platform.Docker.Images.InspectImageAsync($"{platform.Settings.Registry.Address}/{request.ImageRepository}:{request.DeploymentId}", Token);
            return true;
        }
        catch (DockerImageNotFoundException)
        {
            return false;
        }
    }
}
