using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Boottify.Chaos.Machine;
using Boottify.EndToEnd;
using CliWrap;
using CliWrap.Buffered;
using Npgsql;

namespace Boottify.Chaos;

/// <summary>Everything that has to be so after a deployment, looked up where it is and not where the platform says it is.</summary>
public sealed class Aftermath(Platform platform, DeployableApp app)
{
    /// <summary>It serves; there is one of each, and nothing left over.</summary>
    public async Task ShouldBeRightAsync(string deployment, string content)
    {
        var history = await History.ReadAsync(platform, deployment);
        var ended = await app.DeploymentAsync(deployment);
        ended.Status.Should().Be("succeeded", ended.Error + "\n" + string.Join('\n', history));
        AttemptsShouldBeCounted(history);
        history.Count(e => e.Type == "DeploymentSucceeded").Should().Be(1);

        await OneReleaseAsync(ended);
        await OneSetOfObjectsAsync(ended);
        await OneImageAsync(ended);
        await OneRecordAndRouteAsync();
        (await app.GetStringAsync()).Should().Be(content);
        await NothingLeftAsync(deployment);
    }

    /// <summary>Nothing of it is left, and what served before serves.</summary>
    public async Task ShouldHaveLeftNothingAsync(string deployment, string content)
    {
        AttemptsShouldBeCounted(await History.ReadAsync(platform, deployment));
        (await app.GetStringAsync()).Should().Be(content);
        (await CommandLine.DockerAsync("images", "--quiet", "--filter", $"reference=*/apps/{app.Id}:{deployment}")).Should().BeEmpty();
        await NothingLeftAsync(deployment);
    }

    /// <summary>Each start of a step has the next number, and each result belongs to a start of the same node.</summary>
    private static void AttemptsShouldBeCounted(IReadOnlyList<Happened> history)
    {
        foreach (var step in history.Where(e => e.Type == "StepStarted").GroupBy(e => e.Step))
            step.Select(e => e.Attempt).Should().Equal(Enumerable.Range(1, step.Count()), $"the attempts at {step.Key} are counted");
        foreach (var result in history.Where(e => e.Type is "StepSucceeded" or "StepFailed"))
        {
            var start = history.Last(e => e.Version < result.Version && e.Type == "StepStarted");
            (start.Step, start.Attempt, start.Node).Should().Be((result.Step, result.Attempt, result.Node), "only the node that was started last may answer");
        }
    }

    private async Task OneReleaseAsync(Deployment ended)
    {
        var releases = (await (await platform.Api.GetAsync($"api/apps/{app.Id}/releases", Platform.Deadline())).ReadAsync<Listed<JsonElement>>()).Items;
        releases.Count(r => r.GetRawText().Contains(ended.Id, StringComparison.Ordinal)).Should().Be(1, "one release came of it");
        releases.Select(r => r.GetProperty("number").GetInt32()).Should().Equal(Enumerable.Range(1, releases.Count).Reverse(), "no release is missing or double");
        ended.Release.Should().Be(releases.Count);
    }

    private async Task OneSetOfObjectsAsync(Deployment ended)
    {
        var kinds = CommandLine.Lines(await CommandLine.KubectlAsync("get", "deployments,services,ingresses", "--namespace", app.Namespace, "--output", "name"));
        kinds.Select(name => name.Split('/')[0].Split('.')[0]).Order().Should().Equal("deployment", "ingress", "service");
        (await CommandLine.KubectlAsync("get", "deployment", "app", "--namespace", app.Namespace, "--output", "jsonpath={.spec.template.spec.containers[*].image}"))
            .Should().EndWith(ended.Image!.Digest);
        var inUse = CommandLine.Lines(await CommandLine.KubectlAsync("get", "replicasets", "--namespace", app.Namespace, "--output", "jsonpath={range .items[*]}{.spec.replicas} {.spec.template.spec.containers[0].image}{'\\n'}{end}"))
            .Where(line => !line.StartsWith("0 ", StringComparison.Ordinal)).ToArray();
        inUse.Should().ContainSingle("one ReplicaSet is in use").Which.Should().EndWith(ended.Image.Digest);
    }

    private async Task OneImageAsync(Deployment ended)
    {
        var repository = $"apps/{app.Id}";
        (await Registry.DigestAsync(repository, ended.Commit!)).Should().Be(ended.Image!.Digest);
        (await Registry.DigestAsync(repository, ended.Id)).Should().Be(ended.Image.Digest);
        CommandLine.Lines(await CommandLine.DockerAsync("images", "--quiet", "--no-trunc", "--filter", $"reference=*/apps/{app.Id}:{ended.Id}")).Distinct()
            .Should().ContainSingle("one image was made of it");
    }

    private async Task OneRecordAndRouteAsync()
    {
        var addresses = await PatientLookup.AddressesAsync(Platform.Setting("BOOTTIFY_DNS"), app.Host, Platform.Deadline());
        addresses.Select(address => address.ToString()).Should().Equal(Platform.Setting("BOOTTIFY_EDGE_ADDRESS"));

        using var edge = new HttpClient { BaseAddress = new Uri(Platform.Setting("BOOTTIFY_EDGE_URL")) };
        edge.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Platform.Setting("BOOTTIFY_EDGE_TOKEN"));
        var route = await (await edge.GetAsync($"v1/routes/{app.Id}", Platform.Deadline())).ReadAsync<JsonElement>();
        route.GetProperty("live").GetBoolean().Should().BeTrue();
        route.GetProperty("hosts").EnumerateArray().Select(h => h.GetProperty("host").GetString()).Should().Equal(app.Host);
    }

    /// <summary>By the mark that each build leaves in its containers' hosts; pods of the image have its labels, and not this.</summary>
    private static async Task<string[]> BuildContainersAsync(string deployment)
    {
        var all = CommandLine.Lines(await CommandLine.DockerAsync("ps", "--all", "--quiet", "--no-trunc"));
        // Others come and go while this looks: those that are gone fail the command, and the rest is told all the same.
        var inspected = await Cli.Wrap("docker").WithArguments(["inspect", "--format", "{{.Id}} {{json .HostConfig.ExtraHosts}}", .. all])
            .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(Platform.Deadline());
        return [.. CommandLine.Lines(inspected.StandardOutput).Where(line => line.Contains(deployment, StringComparison.Ordinal))];
    }

    private static async Task NothingLeftAsync(string deployment)
    {
        (await BuildContainersAsync(deployment)).Should().BeEmpty("no container of its build is left");
        var builds = Path.Combine(Platform.Setting("BOOTTIFY_DATA"), "builds");
        if (Directory.Exists(builds))
            Directory.GetDirectories(builds, deployment, SearchOption.AllDirectories).Should().BeEmpty("no workspace of it is left");

        await using var database = new NpgsqlConnection(Postgres.ConnectionString(Checkout.ReadSettings()["DATABASE_URL"]));
        await database.OpenAsync();
        await using var left = new NpgsqlCommand("select count(*) from boottify.work where deployment_id = $1", database) { Parameters = { new() { Value = deployment } } };
        (await left.ExecuteScalarAsync()).Should().Be(0L, "the queue has forgotten it");
    }
}
