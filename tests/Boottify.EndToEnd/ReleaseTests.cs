using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Boottify.EndToEnd;

/// <summary>A release is image, environment and settings; whatever returns to one returns to all of it.</summary>
public sealed class ReleaseTests(Platform platform)
{
    [Fact]
    public async Task Returning_to_a_release_brings_all_of_it_back_with_its_reason_and_leaves_the_settings_for_the_next_push()
    {
        await using var app = await FirstAsync("Returned to");
        var (objects, answer) = (await Traces.WorkloadAsync(app), await app.GetStringAsync());
        answer.Should().Be("one A=1 B=1 C=undefined PORT=3000");
        var first = (await app.DeploymentsAsync())[0];

        await ChangeAllAsync(app);
        var second = await app.PushAsync(TestApps.Telling("two"));
        second.Status.Should().Be("succeeded", second.Error);
        (await app.GetStringAsync()).Should().Be("two A=2 B=undefined C=1 PORT=4000");
        (await Traces.WorkloadAsync(app)).Should().NotBe(objects);

        var third = await app.EndOfAsync(await app.RequestAsync("rollback", new { release = 1, reason = "Two is too slow" }));
        third.Status.Should().Be("succeeded", third.Error);
        third.Reason.Should().Be("Two is too slow");
        (await Traces.WorkloadAsync(app)).Replace(third.Id, first.Id, StringComparison.Ordinal).Should().Be(objects);
        (await app.GetStringAsync()).Should().Be(answer);
        (await DeploymentState.EventsAsync(platform, third.Id))[0].Data.GetProperty("reason").GetString().Should().Be("Two is too slow");

        var releases = await ReleasesAsync(app);
        var current = releases[0];
        current.GetProperty("rolledBackTo").GetInt32().Should().Be(1);
        current.GetProperty("reason").GetString().Should().Be("Two is too slow");
        Texts(current, "hosts").Should().Equal(app.Host);
        Texts(current, "nextPushChanges").Should().BeEquivalentTo("A", "B", "C", "port", "health", "replicas", "resources");
        Texts(releases[1], "nextPushChanges").Should().BeEmpty();
        Texts(releases[1].GetProperty("environment"), "names").Should().Equal("A", "C");
        Texts(releases[1].GetProperty("environment"), "changed").Should().Equal("A", "B", "C");
        Texts(current.GetProperty("environment"), "names").Should().Equal("A", "B");
        current.GetProperty("environment").GetProperty("version").GetInt64().Should().Be(releases[2].GetProperty("environment").GetProperty("version").GetInt64());

        // What was set for the app is still set: the next push deploys with it.
        var fourth = await app.PushAsync(TestApps.Telling("four"));
        fourth.Status.Should().Be("succeeded", fourth.Error);
        (await app.GetStringAsync()).Should().Be("four A=2 B=undefined C=1 PORT=4000");
    }

    [Fact]
    public async Task A_release_that_fails_leaves_every_object_of_the_one_before_as_it_was_and_says_why()
    {
        await using var app = await FirstAsync("Fallen back");
        var (objects, answer) = (await Traces.WorkloadAsync(app), await app.GetStringAsync());

        await ChangeAllAsync(app);
        await app.Source.CommitAsync(TestApps.Crashing("console.error('no such table: users')"));
        var second = await app.AnnounceAsync();
        JsonElement end = default;
        await app.UntilAsync(second, e => (end = e.Data).ValueKind == JsonValueKind.Object && e.Type == "end");

        var ended = await app.DeploymentAsync(second);
        ended.Status.Should().Be("rolledBack");
        ended.Error.Should().Contain("exit code 1");
        end.GetProperty("error").GetString().Should().Be(ended.Error);
        end.GetProperty("release").GetInt32().Should().Be(1);
        var (type, data) = (await DeploymentState.EventsAsync(platform, second))[^1];
        type.Should().Be("DeploymentRolledBack");
        data.GetProperty("error").GetString().Should().Be(ended.Error);
        (await Traces.WorkloadAsync(app)).Should().Be(objects);
        (await app.GetStringAsync()).Should().Be(answer);
        (await Traces.OfDeploymentAsync(app, second, app.Source.Head)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_release_whose_image_is_gone_cannot_be_returned_to_and_the_answer_says_what_to_do()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Image gone");
        var first = await app.PushAsync();
        var second = await app.PushAsync(TestApps.Serving("two"));
        second.Status.Should().Be("succeeded", second.Error);
        await Registry.DeleteAsync($"v2/apps/{app.Id}/manifests/{first.Image!.Digest}");

        using var refused = await platform.Api.PostAsJsonAsync($"api/apps/{app.Id}/rollback", new { release = 1 }, Platform.Deadline());
        (await refused.ReadAsync<Problem>(HttpStatusCode.UnprocessableEntity)).Detail.Should().Contain("release 1").And.Contain(first.Commit);
        (await app.DeploymentsAsync()).Should().HaveCount(2);
        await app.ShouldServeAsync(second, "two");
    }

    private async Task<DeployableApp> FirstAsync(string name)
    {
        var app = await platform.CreateAppAsync(TestApps.Telling("one"), name);
        await app.SetVariableAsync("A", "1");
        await app.SetVariableAsync("B", "1");
        var first = await app.PushAsync();
        first.Status.Should().Be("succeeded", first.Error);
        return app;
    }

    private async Task ChangeAllAsync(DeployableApp app)
    {
        await app.SetVariableAsync("A", "2");
        await app.SetVariableAsync("C", "1");
        using var removed = await platform.Api.DeleteAsync($"api/apps/{app.Id}/env/B", Platform.Deadline());
        removed.StatusCode.Should().Be(HttpStatusCode.NoContent);
        var resources = new { cpuRequest = "20m", cpuLimit = "0.5", memoryRequest = "48Mi", memoryLimit = "256Mi" };
        using var changed = await platform.Api.PatchAsJsonAsync($"api/apps/{app.Id}", new { port = 4000, health = "/ready", replicas = 2, resources }, Platform.Deadline());
        changed.IsSuccessStatusCode.Should().BeTrue(await changed.Content.ReadAsStringAsync());
    }

    private async Task<IReadOnlyList<JsonElement>> ReleasesAsync(DeployableApp app) =>
        (await (await platform.Api.GetAsync($"api/apps/{app.Id}/releases", Platform.Deadline())).ReadAsync<Listed<JsonElement>>()).Items;

    private static IEnumerable<string> Texts(JsonElement element, string name) => element.GetProperty(name).EnumerateArray().Select(e => e.GetString()!);
}
