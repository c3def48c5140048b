using Boottify.Deployments;
using k8s;

namespace Boottify.IntegrationTests.Cluster;

public class DrainingTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Not_one_request_fails_while_the_only_pod_is_replaced_again_and_again_even_without_a_shell_in_the_image()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerWithoutShellAsync();
        var applied = await app.DeployAsync(app.Release(image, version: "v0"));
        await applied.AnswersAsync("v0");

        await using var load = RequestStream.Start(applied);
        for (var i = 1; i <= 4; i++)
        {
            await app.DeployAsync(app.Release(image, version: $"v{i}"));
            // Long enough for the old pod to be gone altogether.
            await Task.Delay(TimeSpan.FromSeconds(8), TestContext.Current.CancellationToken);
        }

        await load.StopAsync();
        load.Failures.Should().BeEmpty();
        load.Answers.Keys.Should().BeEquivalentTo("v0", "v1", "v2", "v3", "v4");
    }

    [Fact]
    public async Task The_old_pods_answer_every_request_while_a_bad_release_fails_and_is_put_back()
    {
        await using var app = fixture.NewApp();
        var image = await fixture.Images.ServerAsync();
        var good = app.Release(image, version: "good");
        var applied = await app.DeployAsync(good);
        await applied.AnswersAsync("good");
        var before = await PodsAsync(app);

        await using var load = RequestStream.Start(applied);
        var bad = app.Release(image, mode: "unready", version: "bad");
        await FluentActions.Awaiting(() => app.DeployAsync(bad, deadline: TimeSpan.FromSeconds(6))).Should().ThrowAsync<StepException>();
        await app.DeployAsync(good);
        await load.StopAsync();

        load.Failures.Should().BeEmpty();
        load.Answers.Keys.Should().Equal("good");
        (await PodsAsync(app)).Should().Contain(before, "putting back replaces no pod that never stopped");
    }

    private async Task<IReadOnlyList<string>> PodsAsync(TestApp app)
    {
        var pods = await fixture.Kubernetes.CoreV1.ListNamespacedPodAsync(app.Namespace, cancellationToken: TestContext.Current.CancellationToken);
        return [.. pods.Items.Select(p => p.Metadata.Name)];
    }
}
