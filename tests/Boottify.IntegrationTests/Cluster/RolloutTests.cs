using k8s;

namespace Boottify.IntegrationTests.Cluster;

public class RolloutTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rollout_succeeds_once_the_new_pods_answer_and_no_other_is_sent_to()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        var log = new RecordedLog();

        var first = await app.DeployAsync(app.Release(image, version: "one", replicas: 2), log);
        await first.AnswersAsync("one");
        log.System.Should().Contain(line => line.Contains("the container has started")).And.Contain(line => line.EndsWith("is ready."));

        var second = await app.DeployAsync(app.Release(image, version: "two", replicas: 2));
        second.Should().Be(first, "the Service keeps its address");
        await second.AnswersAsync("two");
    }

    [Fact]
    public async Task Pods_that_come_one_after_the_other_have_as_long_each()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        await app.DeployAsync(app.Release(image, version: "one", replicas: 4));

        var began = TimeProvider.System.GetTimestamp();
        var patience = TimeSpan.FromSeconds(95);
        var slow = await app.DeployAsync(app.Release(image, "slow", version: "two", replicas: 4), deadline: patience);
        TimeProvider.System.GetElapsedTime(began).Should().BeGreaterThan(patience, "else this shows nothing");
        await slow.AnswersAsync("two");
    }

    [Fact]
    public async Task A_change_of_the_environment_alone_rolls_the_pods_and_reaches_them()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        await app.DeployAsync(app.Release(image));
        var changed = app.Release(image, secrets: new Dictionary<string, string>(StringComparer.Ordinal) { ["API_KEY"] = "changed" });
        var applied = await app.DeployAsync(changed);

        await fixture.Cluster.SettledAsync(changed);
        (await Asking.AskAsync(applied, "/env")).Should().Contain("\"API_KEY\":\"changed\"").And.Contain("\"PORT\":\"3000\"").And.Contain("\"HOSTNAME\":\"0.0.0.0\"");
    }

    [Fact]
    public async Task Once_the_settled_port_answers_no_request_gets_to_an_old_pod()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        await app.DeployAsync(app.Release(image, version: "v0"));
        for (var n = 1; n <= 4; n++)
        {
            var release = app.Release(image, version: $"v{n}");
            var applied = await app.DeployAsync(release);
            await fixture.Cluster.SettledAsync(release);
            for (var asked = 0; asked < 20; asked++)
                (await Asking.AskAsync(applied)).Should().Contain($"v{n}");
            await fixture.Cluster.PruneAsync(release, Cancellation);
        }

        var service = await fixture.Kubernetes.CoreV1.ReadNamespacedServiceAsync("app", app.Namespace, cancellationToken: Cancellation);
        service.Spec.Ports.Should().ContainSingle("the other port is there for a moment only").Which.Port.Should().Be(80);
    }
}
