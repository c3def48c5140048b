using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Boottify.Builds;
using Boottify.Deployments;
using Docker.DotNet.Models;

namespace Boottify.IntegrationTests.Builds;

[Collection("Builds")]
public partial class TemplateBuildTests(BuildFixture fixture, ITestOutputHelper output)
{
    private const string Server =
        "require('http').createServer((q, s) => s.end(`${process.env.BOOTTIFY_COMMIT} ${require('ms')('2 days')}`)).listen(process.env.PORT, () => console.log('up'));";

    [Fact]
    public async Task The_nextjs_sample_becomes_an_image_below_150_MB_that_answers_as_another_user_than_root()
    {
        var request = fixture.Request(await fixture.SampleAsync("nextjs"));
        var image = await BuildAsync(request, new BuildPlan("nextjs", "npm"));

        image.SizeBytes.Should().BeLessThan(150_000_000);
        (await AnswerAsync(request, "/api/health")).Should().Contain("\"status\":\"ok\"").And.Contain(request.Commit);
        (await AnswerAsync(request, "/")).Should().Contain("A push became").And.Contain(request.Commit[..12]);
    }

    [Fact]
    public async Task A_node_server_without_dependencies_becomes_an_image()
    {
        var request = fixture.Request(await fixture.SampleAsync("node-server"), name: "Ünïcode & Co");
        await BuildAsync(request, new BuildPlan("node", null));
        (await AnswerAsync(request, "/")).Should().Contain("Hello from version 1.0.0").And.Contain(request.Commit);
    }

    [Fact]
    public async Task A_folder_with_an_index_page_is_served_as_a_static_site()
    {
        var request = fixture.Request(await fixture.RepositoryAsync(("site/index.html", "<h1>Hello site</h1>"), ("site/a b.txt", "spaced")), directory: "site");
        await BuildAsync(request, new BuildPlan("static", null));
        (await AnswerAsync(request, "/")).Should().Contain("Hello site");
        (await AnswerAsync(request, "/a%20b.txt")).Should().Be("spaced");
        (await AnswerAsync(request, "/.boottify/server.cjs", HttpStatusCode.NotFound)).Should().Be("Not found\n");
    }

    [Fact]
    public async Task A_site_that_has_to_be_built_is_built_and_its_output_alone_is_served()
    {
        var request = fixture.Request(await fixture.RepositoryAsync(
            ("package.json", """{"scripts":{"build":"node build.js"}}"""),
            ("build.js", "const fs=require('fs');fs.mkdirSync('dist');fs.writeFileSync('dist/index.html','built page');")));
        await BuildAsync(request, new BuildPlan("static", null));
        (await AnswerAsync(request, "/")).Should().Be("built page");
        await AnswerAsync(request, "/build.js", HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("npm", "package-lock.json", null)]
    [InlineData("pnpm", "pnpm-lock.yaml", "pnpm@9.15.9")]
    [InlineData("pnpm", "pnpm-lock.yaml", null)]
    [InlineData("yarn", "yarn.lock", null)]
    [InlineData("yarn", "yarn.lock", "yarn@4.18.1")]
    public async Task The_lock_file_tells_which_package_manager_installs(string manager, string lockFile, string? wish)
    {
        var wished = wish is null ? "" : $"\"packageManager\":\"{wish}\",";
        var package = "{" + wished + """
            "name":"locked","version":"1.0.0","scripts":{"build":"node -e \"require('is-number')\"","start":"node server.js"},
            "dependencies":{"ms":"2.1.3"},"devDependencies":{"is-number":"7.0.0"}}
            """;
        var repository = await fixture.RepositoryAsync(async folder =>
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), package, BuildFixture.Token);
            await File.WriteAllTextAsync(Path.Combine(folder, "server.js"), Server, BuildFixture.Token);
            await File.WriteAllTextAsync(Path.Combine(folder, lockFile), await LockFiles.OfAsync(manager, wish), BuildFixture.Token);
        });
        var request = fixture.Request(repository);
        await BuildAsync(request, new BuildPlan("node", manager));

        (await AnswerAsync(request, "/")).Should().Be($"{request.Commit} 172800000");
        (await ListAsync(request, "node_modules")).Should().Contain("ms").And.NotContain("is-number");
    }

    [Fact]
    public async Task Without_a_lock_file_the_build_goes_on_with_a_warning()
    {
        var request = fixture.Request(await fixture.RepositoryAsync(
            ("package.json", """{"main":"server.js","dependencies":{"ms":"2.1.3"}}"""), ("server.js", Server)));
        var log = new RecordedLog();
        await fixture.Builder.InspectAsync(request, log, BuildFixture.Token);
        log.Text.Should().Contain("There is no lock file");
        await BuildAsync(request, new BuildPlan("node", "npm"));
        (await AnswerAsync(request, "/")).Should().Contain("172800000");
    }

    [Fact]
    public async Task The_repositorys_own_Dockerfile_wins_over_every_template()
    {
        var request = fixture.Request(await fixture.RepositoryAsync(
            ("Dockerfile", "FROM node:20-alpine\nCOPY . /app\nUSER node\nCMD [\"node\", \"-e\", \"require('http').createServer((q,s)=>s.end('own')).listen(3000)\"]\n"),
            (".dockerignore", "Dockerfile\nsecret*\n!secret-kept\n"),
            ("package.json", """{"dependencies":{"next":"16.4.5"}}"""),
            ("secret-left-out", "x"),
            ("secret-kept", "x")));
        var image = await BuildAsync(request, new BuildPlan("dockerfile", "npm"), runsAsRoot: true);
        image.RunsAsRoot.Should().BeTrue("a user by name cannot be checked by the cluster");
        (await AnswerAsync(request, "/")).Should().Be("own");
        (await ListAsync(request, "/app")).Should().BeEquivalentTo(".dockerignore", "package.json", "secret-kept");
    }

    [Fact]
    public async Task A_second_build_of_the_same_packages_takes_them_from_the_cache()
    {
        var repository = await fixture.RepositoryAsync(("package.json", """{"main":"server.js","dependencies":{"ms":"2.1.3"}}"""), ("server.js", Server));
        var first = fixture.Request(repository);
        await BuildAsync(first, new BuildPlan("node", "npm"));

        var commit = await repository.CommitAsync("server.js", Server + "\n");
        var second = first with { DeploymentId = Boottify.Apps.AppIds.NewDeployment(DateTimeOffset.UtcNow), Commit = commit };
        var log = new RecordedLog();
        await fixture.Builder.BuildAsync(second, log, BuildFixture.Token);
        var lines = log.Lines.Select(line => line.Text).ToList();
        var install = lines.FindIndex(line => line.Contains(" : RUN npm install", StringComparison.Ordinal));
        lines[install + 1].Should().Be(" ---> Using cache");
    }

    private async Task<BuiltImage> BuildAsync(BuildRequest request, BuildPlan expected, bool runsAsRoot = false)
    {
        var log = new RecordedLog();
        var clock = Stopwatch.StartNew();
        try
        {
            (await fixture.Builder.InspectAsync(request, log, BuildFixture.Token)).Should().Be(expected);
            var image = await BuildPatientlyAsync(request, log);
            output.WriteLine($"{expected.Template}: {image.SizeBytes / 1e6:0.0} MB in {clock.Elapsed.TotalSeconds:0.0} s");
            image.RunsAsRoot.Should().Be(runsAsRoot);
            image.Template.Should().Be(expected.Template);
            return image;
        }
        catch
        {
            output.WriteLine(log.Text);
            throw;
        }
    }

    /// <summary>Packages come from outside of this machine: where they come from being away for a moment says nothing of a template.</summary>
    private async Task<BuiltImage> BuildPatientlyAsync(BuildRequest request, RecordedLog log)
    {
        for (var tries = 1; ; tries++)
        {
            var before = log.Text.Length;
            try
            {
                return await fixture.Builder.BuildAsync(request, log, BuildFixture.Token);
            }
            catch (StepException) when (tries < 4 && OutsideIsAway().IsMatch(log.Text[before..]))
            {
                output.WriteLine($"The registry of packages was away at try {tries}.");
                await Task.Delay(TimeSpan.FromSeconds(15 * tries), BuildFixture.Token);
            }
        }
    }

    [GeneratedRegex(
        "ETIMEDOUT|ESOCKETTIMEDOUT|ECONNRESET|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EPIPE|ERR_SOCKET_TIMEOUT|UND_ERR_|socket hang up|network timeout|trouble with your network"
        + "|ERR_PNPM_META_FETCH_FAIL|E429|E50[0234]|[ :]50[234] |Error when performing the request")]
    private static partial Regex OutsideIsAway();

    private string Image(BuildRequest request) => $"{fixture.Registry}/{request.ImageRepository}:{request.DeploymentId}";

    private async Task<string> AnswerAsync(BuildRequest request, string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        await using var container = await RunningContainer.StartAsync(fixture.Docker, Image(request), null);
        return await container.GetAsync(path, status);
    }

    private async Task<string[]> ListAsync(BuildRequest request, string folder)
    {
        await using var container = await RunningContainer.StartAsync(fixture.Docker, Image(request), ["ls", "-A", folder]);
        return (await container.OutputAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
