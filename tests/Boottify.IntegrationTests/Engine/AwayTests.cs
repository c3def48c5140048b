using System.Net.Http.Json;
using System.Text.Json;
using Boottify.Deployments;
using Boottify.IntegrationTests.Branches;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Boottify.IntegrationTests.Engine;

/// <summary>Servers that restart while a deployment needs them.</summary>
public class AwayTests(ControlPlane platform)
{
    [Fact]
    public async Task A_push_that_comes_while_the_git_server_is_away_goes_on_when_it_is_back()
    {
        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(platform, repository.Url);
        // It gets as far as its build, which ends it.
        var commit = await repository.PushAsync(dockerfile: "FROM scratch\nRUNN x\n");
        repository.Away = true;
        var deployment = await app.DeliverAsync(commit);
        await Patience.UntilAsync(() => ValidationAsync(app, deployment), step => step.GetProperty("attempt").GetInt32() >= 3);
        (await app.DeliverAgainAsync(commit)).Should().Be(deployment, "no redelivery makes up for one that was given up");

        repository.Away = false;
        (await app.EndOfAsync(deployment)).Text("error").Should().Contain("RUNN");
        var step = await ValidationAsync(app, deployment);
        step.Text("status").Should().Be("succeeded");
        await using var session = platform.Store.QuerySession();
        var failures = (await session.Events.FetchStreamAsync(deployment)).Select(e => e.Data).OfType<StepFailed>().Where(f => f.Step == Step.Validate).ToList();
        failures.Should().OnlyContain(f => f.Retry).And.HaveCount(step.GetProperty("attempt").GetInt32() - 1, "each attempt is counted");
        // On a machine that stood still for longer than a lease, one may have been lost instead.
        (await app.LogAsync(deployment)).Split('\n').Count(line => line.Contains("cannot be reached", StringComparison.Ordinal) && line.Contains("Trying again.", StringComparison.Ordinal))
            .Should().BeInRange(Math.Max(1, failures.Count(f => f.Error.Contains("cannot be reached", StringComparison.Ordinal))), failures.Count, "each says why it failed");
    }

    [Fact]
    public async Task A_git_server_that_falls_silent_is_asked_again_and_no_deadline_cuts_off_what_is_allowed()
    {
        await using var silent = new SilentServer();
        await using var patient = new ControlPlane
        {
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["BOOTTIFY_SOURCE_TIMEOUT"] = "2", ["BOOTTIFY_BUILD_TIMEOUT"] = "7200" },
        };
        await patient.InitializeAsync();
        patient.Services.GetRequiredService<WolverineOptions>().DefaultExecutionTimeout.Should().BeGreaterThan(TimeSpan.FromSeconds(7200));
        patient.Services.GetRequiredService<StepDeadlines>().Of(Step.Build).Should().BeGreaterThan(TimeSpan.FromSeconds(7200));

        var deployment = await SilentServer.DeployAsync(await silent.CreateAppAsync(patient, await patient.CreateTeamAsync()));
        await Patience.UntilAsync(
            () => patient.Administrator.GetFromJsonAsync<JsonElement>($"/api/deployments/{deployment}"),
            seen => seen.GetProperty("steps").EnumerateArray().First().GetProperty("attempt").GetInt32() >= 3);
        (await patient.Administrator.GetStringAsync(new Uri($"/api/deployments/{deployment}/logs.txt", UriKind.Relative)))
            .Should().Contain("did not answer within 2 s").And.Contain("Trying again.");
    }

    [Fact]
    public async Task Deployments_whose_git_server_is_away_take_no_build_slot_from_others()
    {
        await using var narrow = new ControlPlane { Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["BOOTTIFY_BUILDS_PER_NODE"] = "1" } };
        await narrow.InitializeAsync();
        await using var away = await BranchRepository.StartAsync();
        away.Away = true;
        for (var n = 0; n < 3; n++)
            await (await CreateAsync(narrow, away.Url)).DeliverAsync(TestApp.NewCommit());

        await using var repository = await BranchRepository.StartAsync();
        var app = await CreateAsync(narrow, repository.Url);
        (await app.EndOfAsync(await app.DeliverAsync(await repository.PushAsync()))).ShouldHaveGoneOn();
        (await narrow.Administrator.GetFromJsonAsync<JsonElement>("/api/queue")).GetProperty("running").GetInt32().Should().Be(3, "the others go on trying");
    }

    private static Task<BranchApp> CreateAsync(ControlPlane on, string url) => BranchApp.CreateAsync(on.Administrator, on.Anonymous, url);

    private static async Task<JsonElement> ValidationAsync(BranchApp app, string deployment) =>
        (await app.DeploymentAsync(deployment)).GetProperty("steps").EnumerateArray().Single(step => step.Text("name") == "validate");
}
