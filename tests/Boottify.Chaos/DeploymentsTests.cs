using Boottify.Chaos.Machine;
using Boottify.EndToEnd;

namespace Boottify.Chaos;

/// <summary>A deployment ends right, whatever dies in whichever of its steps.</summary>
public sealed class DeploymentsTests(Platform platform, TwoNodes nodes, RowApp rowApp) : IClassFixture<RowApp>
{
    public static TheoryData<string, string> Rows => [.. Row.OfThisForm.Select(row => (row.Killed, row.Step))];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task End_right_whatever_dies(string killed, string step)
    {
        var row = Row.All.Single(r => r.Killed == killed && r.Step == step);
        Drill? drill = null;
        var outcome = "not played";
        try
        {
            if (row.Shared && !Checkout.MayKillShared && await Component.OtherUsersAsync() is { Length: > 0 } others)
                throw new InvalidOperationException($"Not run: {others} uses the same daemon. Stop it there with ops/down, or set BOOTTIFY_CHAOS_SHARED=1.");

            await nodes.ReadyAsync();
            var (app, before) = await rowApp.TakeAsync(platform);
            drill = new Drill(platform, nodes, app);
            await row.Play(drill);
            drill.LetGo();
            var ended = await drill.EndAsync();
            outcome = Outcome(ended);
            await ShouldBeRightAsync(drill, ended, before);
            if (row.ResumesWithin is { } most)
                drill.SecondsToResume.Should().BeLessThan(most);
            rowApp.Keep(app, drill.ExpectedError is null ? drill.Content : before);
            nodes.Report.Add(killed, step, outcome, drill.SecondsToResume, wrong: null);
        }
        catch (Exception e)
        {
            drill?.LetGo();
            var history = drill is { Deployment.Length: > 0 } ? "\n" + string.Join('\n', await History.ReadAsync(platform, drill.Deployment)) : "";
            nodes.Report.Add(killed, step, outcome, drill?.SecondsToResume, e.Message + history);
            throw;
        }
        finally
        {
            drill?.Dispose();
        }
    }

    private async Task ShouldBeRightAsync(Drill drill, Deployment ended, string before)
    {
        var aftermath = new Aftermath(platform, drill.App);
        if (drill.ExpectedError is null)
        {
            await aftermath.ShouldBeRightAsync(drill.Deployment, drill.Content);
            return;
        }

        ended.Status.Should().BeOneOf("failed", "rolledBack");
        ended.Error.Should().Contain(drill.ExpectedError);
        await aftermath.ShouldHaveLeftNothingAsync(drill.Deployment, before);
    }

    private static string Outcome(Deployment ended) => ended.Status == "succeeded"
        ? $"succeeded, release {ended.Release}"
        : $"{ended.Status}: {(ended.Error?.Length > 30 ? ended.Error[..30] + "…" : ended.Error)}";
}

/// <summary>The app of all rows, with a release that serves; a row that went wrong leaves it to be made anew.</summary>
public sealed class RowApp : IAsyncDisposable
{
    private DeployableApp? app;
    private string content = "";

    public async Task<(DeployableApp App, string Content)> TakeAsync(Platform platform)
    {
        if (app is null)
        {
            content = "the first";
            var made = await platform.CreateAppAsync(Apps.Serving(content), "Chaos");
            var first = await made.PushAsync();
            first.Status.Should().Be("succeeded", first.Error);
            app = made;
        }

        var taken = (app, content);
        // Until it is kept, it is in an unknown state.
        app = null;
        return taken;
    }

    public void Keep(DeployableApp kept, string serves) => (app, content) = (kept, serves);

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.DisposeAsync();
    }
}
