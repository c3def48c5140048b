using System.Text.Json;
using Boottify.Deployments;
using k8s;
using k8s.Models;
using static Boottify.Testing.Patience;

namespace Boottify.IntegrationTests.Cluster;

public class ProvisioningTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kubectl_shows_every_object_and_a_second_apply_changes_none_of_them()
    {
        await using var app = fixture.NewApp();
        var release = app.Release(await fixture.Images.ServerAsync());
        await app.DeployAsync(release);

        var first = await VersionsAsync(app.Namespace);
        string[] fixedNames = ["ResourceQuota/app", "LimitRange/app", "ServiceAccount/app", "Secret/registry", "NetworkPolicy/app", "Deployment/app", "Service/app", "Ingress/app"];
        first.Keys.Should().Contain(fixedNames);
        first.Keys.Should().Contain(name => name.StartsWith("ConfigMap/env-")).And.Contain(name => name.StartsWith("Secret/env-"));

        await fixture.Cluster.ApplyAsync(release, Cancellation);
        (await VersionsAsync(app.Namespace)).Should().BeEquivalentTo(first);
    }

    [Fact]
    public async Task A_node_that_was_paused_between_its_decision_and_its_write_overwrites_nothing()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        await fixture.Cluster.ApplyAsync(app.Release(image, version: "before"), Cancellation);
        var newer = app.Release(image, version: "newer");
        var asked = 0;

        // While it is paused, another node puts a newer release there; when it goes on, it is asked again and gives up.
        var late = () => fixture.Cluster.ApplyAsync(app.Release(image, version: "late"), Cancellation, async cancellation =>
        {
            if (++asked > 1)
                throw new LostDeploymentException("late");
            await fixture.Cluster.ApplyAsync(newer, cancellation);
        });
        await late.Should().ThrowAsync<LostDeploymentException>();

        asked.Should().Be(2);
        (await KubectlAsync("get", "deployment", "app", "-n", app.Namespace, "-o", "jsonpath={.metadata.annotations.boottify\\.dev/deployment}"))
            .Should().Be(newer.DeploymentId);
    }

    [Fact]
    public async Task The_running_image_is_given_by_digest()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        await app.DeployAsync(app.Release(image));
        (await KubectlAsync("get", "pods", "-n", app.Namespace, "-o", "jsonpath={.items[*].spec.containers[*].image}")).Should().Be(image).And.Contain("@sha256:");
    }

    [Fact]
    public async Task Environments_that_no_release_can_need_any_more_are_removed()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        for (var i = 0; i < 5; i++)
        {
            var release = app.Release(image, version: $"v{i}");
            await fixture.Cluster.ApplyAsync(release, Cancellation);
        }

        await app.DeployAsync(app.Release(image, version: "last"));
        // The controller drops old ReplicaSets some time after a rollout, and pruning sees what they left.
        await Patience.UntilAsync(
            async () =>
            {
                await fixture.Cluster.PruneAsync(app.Release(image, version: "last"), Cancellation);
                return (await VersionsAsync(app.Namespace)).Keys.Count(name => name.StartsWith("ConfigMap/env-", StringComparison.Ordinal));
            },
            kept => kept <= 4);   // the history holds two old ReplicaSets, and one may be leaving
    }

    [Fact]
    public async Task A_namespace_that_another_platform_made_is_not_touched()
    {
        await using var app = fixture.NewApp();
        var release = app.Release("127.0.0.1:1/none@sha256:" + new string('0', 64));
        await fixture.Kubernetes.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = app.Namespace } }, cancellationToken: Cancellation);
        try
        {
            await FluentActions.Awaiting(() => fixture.Cluster.ApplyAsync(release, Cancellation)).Should().ThrowAsync<StepException>().WithMessage("*not this platform's*");
            await FluentActions.Awaiting(() => fixture.Cluster.DeleteNamespaceAsync(app.Namespace, TimeSpan.FromSeconds(1), Cancellation)).Should().ThrowAsync<StepException>();
            (await fixture.Cluster.ListNamespacesAsync(Cancellation)).Should().NotContain(n => n.AppId == app.Id);
        }
        finally
        {
            await fixture.Kubernetes.CoreV1.DeleteNamespaceAsync(app.Namespace, cancellationToken: CancellationToken.None);
            await GoneAsync(app.Namespace);
        }
    }

    [Fact]
    public async Task Removing_the_workload_leaves_the_namespace_and_no_pod()
    {
        await using var app = fixture.NewApp();
        await app.DeployAsync(app.Release(await fixture.Images.ServerAsync()));
        await RemoveAsync(app);
        await RemoveAsync(app);

        var left = (await VersionsAsync(app.Namespace)).Keys;
        left.Should().NotContain(name => name.StartsWith("Pod/") || name.StartsWith("Deployment/") || name.StartsWith("Service/") || name.StartsWith("Ingress/"));
        (await fixture.Cluster.ListNamespacesAsync(Cancellation)).Should().Contain(n => n.AppId == app.Id);
    }

    [Fact]
    public async Task A_node_that_wakes_up_in_the_middle_of_a_removal_deletes_nothing_of_what_has_come_since()
    {
        await using var app = fixture.NewApp();
        await app.DeployAsync(app.Release(await fixture.Images.ServerAsync()));
        var before = await VersionsAsync(app.Namespace);

        // It is paused before its first deletion, and at each later one.
        await StoppedAsync(at: 1).Should().ThrowAsync<LostDeploymentException>();
        (await VersionsAsync(app.Namespace)).Should().BeEquivalentTo(before);
        for (var asked = 2; asked <= 7; asked++)
        {
            var stop = asked;
            // The last ones come after the pods, which take their time.
            if (stop == 6)
                await UntilAsync(() => VersionsAsync(app.Namespace), seen => Pods(seen) == 0);
            await StoppedAsync(stop).Should().ThrowAsync<LostDeploymentException>("each deletion is asked for");
        }

        await RemoveAsync(app);
        (await VersionsAsync(app.Namespace)).Keys.Should().NotContain(name => name.StartsWith("Pod/") || name.StartsWith("ConfigMap/env-") || name.StartsWith("Secret/env-"));

        Func<Task> StoppedAsync(int at)
        {
            var asked = 0;
            return () => fixture.Cluster.RemoveWorkloadAsync(app.Namespace, Cancellation, _ => Interlocked.Increment(ref asked) >= at ? throw new LostDeploymentException("late") : Task.CompletedTask);
        }
    }

    [Fact]
    public async Task A_node_that_wakes_up_while_it_clears_away_a_failed_release_leaves_what_serves_by_then()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        var good = app.Release(image, version: "good");
        await app.DeployAsync(good);
        var later = app.Release(image, version: "later");
        await app.DeployAsync(later);
        // The pod before it still answers what is under way.
        var before = await UntilAsync(() => VersionsAsync(app.Namespace), seen => Pods(seen) == 1);

        // For all that it knows, "later" is what failed.
        var late = () => fixture.Cluster.ForgetAsync(good, later.DeploymentId, Cancellation, _ => throw new LostDeploymentException("late"));
        await late.Should().ThrowAsync<LostDeploymentException>();
        (await VersionsAsync(app.Namespace)).Should().BeEquivalentTo(before);
    }

    [Fact]
    public async Task A_Service_is_found_where_it_is_now()
    {
        await using var app = fixture.NewApp();
        (await fixture.Cluster.FindServiceAsync(app.Namespace, Cancellation)).Should().BeNull();
        var release = app.Release("127.0.0.1:1/none@sha256:" + new string('0', 64));
        (await fixture.Cluster.FindServiceAsync(app.Namespace, Cancellation)).Should().BeNull();
        (await fixture.Cluster.ApplyAsync(release, Cancellation)).Should().Be(await fixture.Cluster.FindServiceAsync(app.Namespace, Cancellation));
        (await fixture.Cluster.ListNamespacesAsync(Cancellation)).Should().ContainSingle(n => n.AppId == app.Id).Which.DeploymentId.Should().Be(release.DeploymentId);
        await RemoveAsync(app);
        (await fixture.Cluster.FindServiceAsync(app.Namespace, Cancellation)).Should().BeNull();
        (await fixture.Cluster.ListNamespacesAsync(Cancellation)).Should().ContainSingle(n => n.AppId == app.Id).Which.DeploymentId.Should().BeNull();
    }

    [Fact]
    public async Task A_deleted_namespace_is_gone_when_the_call_returns()
    {
        await using var app = fixture.NewApp();
        await app.DeployAsync(app.Release(await fixture.Images.ServerAsync()));
        await UntilAsync(() => fixture.Cluster.DeleteNamespaceAsync(app.Namespace, TimeSpan.FromMinutes(2), Cancellation), held => held is null);
        (await KubectlAsync("get", "namespace", app.Namespace, "--ignore-not-found")).Should().BeEmpty();
        (await fixture.Cluster.DeleteNamespaceAsync(app.Namespace, TimeSpan.FromMinutes(2), Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task A_namespace_that_a_finalizer_holds_names_it()
    {
        await using var app = fixture.NewApp();
        var release = app.Release("127.0.0.1:1/none@sha256:" + new string('0', 64));
        await fixture.Cluster.ApplyAsync(release, Cancellation);
        var held = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "held", Finalizers = ["example.org/not-yet"] } };
        await fixture.Kubernetes.CoreV1.CreateNamespacedConfigMapAsync(held, app.Namespace, cancellationToken: Cancellation);

        // The cluster says so once it has removed all else.
        try
        {
            await UntilAsync(() => fixture.Cluster.DeleteNamespaceAsync(app.Namespace, TimeSpan.FromSeconds(60), Cancellation), reason => reason?.Contains("example.org/not-yet", StringComparison.Ordinal) == true);
        }
        finally
        {
            await fixture.Kubernetes.CoreV1.PatchNamespacedConfigMapAsync(
                new V1Patch(new[] { new { op = "remove", path = "/metadata/finalizers" } }, V1Patch.PatchType.JsonPatch), "held", app.Namespace, cancellationToken: CancellationToken.None);
        }

        await UntilAsync(() => fixture.Cluster.DeleteNamespaceAsync(app.Namespace, TimeSpan.FromMinutes(2), Cancellation), held => held is null);
    }

    /// <summary>Again while pods take longer than one call waits for them, as housekeeping does.</summary>
    private Task RemoveAsync(TestApp app) => UntilAsync(async () =>
    {
        try
        {
            await fixture.Cluster.RemoveWorkloadAsync(app.Namespace, Cancellation, _ => Task.CompletedTask);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    });

    private static int Pods(Dictionary<string, string> versions) => versions.Keys.Count(name => name.StartsWith("Pod/", StringComparison.Ordinal));

    private static async Task<Dictionary<string, string>> VersionsAsync(string @namespace)
    {
        var json = await KubectlAsync("get", "resourcequota,limitrange,serviceaccount,secret,configmap,networkpolicy.networking.k8s.io,deployment,service,ingress.networking.k8s.io,pod", "-n", @namespace, "-o", "json");
        return JsonDocument.Parse(json).RootElement.GetProperty("items").EnumerateArray()
            // Its count of what is used is the cluster's own, and so is what a pod's or a Deployment's status says.
            .ToDictionary(
                item => $"{item.GetProperty("kind").GetString()}/{item.GetProperty("metadata").GetProperty("name").GetString()}",
                item => item.GetProperty("metadata").TryGetProperty("generation", out var generation) ? generation.ToString()
                    : item.GetProperty("kind").GetString() is "ResourceQuota" ? item.GetProperty("spec").ToString()
                    : item.GetProperty("kind").GetString() is "Pod" ? item.GetProperty("metadata").GetProperty("uid").ToString()
                    : item.GetProperty("metadata").GetProperty("resourceVersion").ToString(),
                StringComparer.Ordinal);
    }

    private static Task GoneAsync(string @namespace) =>
        UntilAsync(() => KubectlAsync("get", "namespace", @namespace, "--ignore-not-found"), found => found.Length == 0);

    private static Task<string> KubectlAsync(params string[] arguments) => Kubectl.RunAsync(arguments, Cancellation);
}
