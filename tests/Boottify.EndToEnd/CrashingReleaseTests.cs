namespace Boottify.EndToEnd;

public sealed class CrashingReleaseTests(Platform platform)
{
    [Fact]
    public async Task A_release_that_crashes_is_rolled_back_as_soon_as_that_is_plain()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Crashing");
        var first = await app.PushAsync();
        first.Status.Should().Be("succeeded", first.Error);

        var second = await app.PushAsync(TestApps.Crashing("console.error('no such table: users')"));
        second.Status.Should().Be("rolledBack");
        second.Error.Should().Contain("exit code 1");
        (await app.LogAsync(second.Id)).Should().Contain(line => line.EndsWith("no such table: users", StringComparison.Ordinal));
        await app.ShouldServeAsync(first, "one");
    }

    [Fact]
    public async Task A_first_release_that_crashes_has_failed_and_leaves_no_pods()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Crashing("console.error('no such table: users')"), "Crashing first");
        var failed = await app.PushAsync();
        failed.Status.Should().Be("failed");
        failed.Error.Should().Contain("exit code 1");
        (await app.LogAsync(failed.Id)).Should().Contain(line => line.EndsWith("no such table: users", StringComparison.Ordinal));
        (await CommandLine.KubectlAsync("get", "deployments,replicasets,pods,ingresses", "--namespace", app.Namespace, "--output", "name")).Should().BeEmpty();
        var call = async () => await app.GetStringAsync();
        await call.Should().ThrowAsync<HttpRequestException>("nothing was published");
    }
}
