using Boottify.Cluster;
using Boottify.Deployments;
using k8s;
using k8s.Models;

namespace Boottify.IntegrationTests.Cluster;

/// <summary>Releases that do not get well: each ends in words that its developer can act on.</summary>
public class RolloutFailureTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_app_that_crashes_fails_early_with_its_exit_code_and_its_last_words_in_the_log()
    {
        await using var app = fixture.NewApp();
        var log = new RecordedLog();
        var release = app.Release(await fixture.Images.ServerAsync(), mode: "crash");

        var failure = await Deploying(app, release, log, TimeSpan.FromMinutes(3)).Should().ThrowAsync<StepException>();
        failure.Which.Message.Should().Contain("stops again and again").And.Contain("exit code 3");
        log.Output.Should().Contain("FATAL: the database is on fire");
    }

    [Fact]
    public async Task An_app_that_never_gets_ready_fails_at_the_deadline_with_what_its_probe_saw()
    {
        await using var app = fixture.NewApp();
        var log = new RecordedLog();
        var release = app.Release(await fixture.Images.ServerAsync(), mode: "unready");

        var failure = await Deploying(app, release, log, TimeSpan.FromSeconds(90)).Should().ThrowAsync<StepException>();
        failure.Which.Message.Should().StartWith("No pod became ready within 90 s: readiness probe GET /health on port 3000 answered 503");
        log.Output.Should().Contain("health asked, not well");
    }

    [Fact]
    public async Task An_image_that_does_not_exist_fails_at_once()
    {
        await using var app = fixture.NewApp();
        var image = $"{RealPlatform.Setting("BOOTTIFY_REGISTRY")}/tests/absent@sha256:{new string('0', 64)}";

        var failure = await Deploying(app, app.Release(image), new RecordedLog(), TimeSpan.FromMinutes(2)).Should().ThrowAsync<StepException>();
        failure.Which.Message.Should().Contain("cannot be pulled").And.Contain(image);
    }

    [Fact]
    public async Task A_quota_without_room_is_named()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        var release = app.Release(image);
        await fixture.Cluster.ApplyAsync(app.Release(image, version: "before"), Cancellation);
        await fixture.Kubernetes.CoreV1.CreateNamespacedResourceQuotaAsync(
            new V1ResourceQuota
            {
                Metadata = new V1ObjectMeta { Name = "operators-own" },
                Spec = new V1ResourceQuotaSpec { Hard = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal) { ["pods"] = new("0") } },
            },
            app.Namespace,
            cancellationToken: Cancellation);
        await Patience.UntilAsync(() => RefusesPodsAsync(app.Namespace));

        var failure = await Deploying(app, release, new RecordedLog(), TimeSpan.FromMinutes(2)).Should().ThrowAsync<StepException>();
        failure.Which.Message.Should().Contain("quota leaves no room").And.Contain("operators-own");
    }

    [Fact]
    public async Task More_than_any_node_has_is_named()
    {
        await using var app = fixture.NewApp();
        var release = app.Release(await fixture.Images.ServerAsync()) with { Resources = new WorkloadResources("900", "900", "32Mi", "64Mi") };

        var failure = await Deploying(app, release, new RecordedLog(), TimeSpan.FromMinutes(2)).Should().ThrowAsync<StepException>();
        failure.Which.Message.Should().Contain("No node has room").And.Contain("Insufficient cpu");
    }

    [Fact]
    public async Task An_image_that_runs_as_root_is_refused_in_words_and_runs_under_a_forced_user()
    {
        await using var app = fixture.NewApp();
        var release = app.Release(await fixture.Images.ServerAsRootAsync(), version: "forced");

        var failure = await Deploying(app, release, new RecordedLog(), TimeSpan.FromMinutes(2)).Should().ThrowAsync<StepException>();
        failure.Which.Message.Should().Contain("runs as root").And.Contain("USER");

        var applied = await app.DeployAsync(app.Release(release.Image, version: "forced") with { RunAsUser = 1001 });
        await applied.AnswersAsync("forced");
    }

    /// <summary>An API server learns of a quota a moment after it is there.</summary>
    private async Task<bool> RefusesPodsAsync(string @namespace)
    {
        try
        {
            var pod = new V1Pod
            {
                Metadata = new V1ObjectMeta { Name = "another" },
                Spec = new V1PodSpec { Containers = [new V1Container { Name = "another", Image = "127.0.0.1:1/none" }] },
            };
            await fixture.Kubernetes.CoreV1.CreateNamespacedPodAsync(pod, @namespace, dryRun: "All", cancellationToken: Cancellation);
            return false;
        }
        catch (k8s.Autorest.HttpOperationException refused)
        {
            return refused.Response.Content.Contains("exceeded quota: operators-own", StringComparison.Ordinal);
        }
    }

    private static Func<Task> Deploying(TestApp app, AppWorkload release, RecordedLog log, TimeSpan deadline) => () => app.DeployAsync(release, log, deadline);
}
