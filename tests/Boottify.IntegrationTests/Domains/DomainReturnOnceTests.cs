using System.Net;
using Boottify.Apps;
using Boottify.Deployments;
using Boottify.Deployments.Queue;
using Boottify.Domains;
using Boottify.IntegrationTests.Engine;
using Boottify.IntegrationTests.Lifecycle;
using Boottify.Logs;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Domains;

/// <summary>The end of a return to a release, as nodes write it: once, or not at all. The release had www; the app has two.</summary>
public sealed class DomainReturnOnceTests(HastyPlatform hasty) : DomainScenario(hasty)
{
    private const string Node = "node";

    private string Two => $"two.{Zone.Name}";

    private StepJournal Journal => Platform.Services.GetRequiredService<StepJournal>();

    [Fact]
    public async Task Of_any_number_of_writes_of_the_same_end_one_counts()
    {
        var (app, deployment) = await AtItsEndAsync();
        await using var log = await Platform.Services.GetRequiredService<DeploymentLogs>().OpenAsync(deployment, Token);
        var ends = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => EndAsync(deployment, log)));
        ends.Should().Contain(true, "who finds it written by its own node takes it for its own answer that got lost");
        (await EndAsync(deployment, log)).Should().BeFalse();
        await ShouldBeBackOnceAsync(app, deployment);
    }

    [Fact]
    public async Task A_node_that_dies_before_it_has_written_the_end_leaves_all_as_it_was_for_the_next_to_do()
    {
        var (app, deployment) = await AtItsEndAsync();
        await using (var log = await Platform.Services.GetRequiredService<DeploymentLogs>().OpenAsync(deployment, Token))
        {
            await log.WriteAsync(LogOrigin.System, "The first node is here.", Token);
            await log.FlushAsync(Token);
            // Another node has written to the log by now: this one gets as far as telling what it is about to write.
            await using (var other = await Platform.Services.GetRequiredService<DeploymentLogs>().OpenAsync(deployment, Token))
            {
                await other.WriteAsync(LogOrigin.System, "The other node is here.", Token);
                await other.FlushAsync(Token);
            }

            (await EndAsync(deployment, log)).Should().BeFalse();
        }

        (await HostsAsync(app)).Should().Equal(Two);
        await AppendAsync(deployment, new StepStarted(Step.Finalize, 2, "the next", DateTimeOffset.UtcNow));
        (await EndAsync(deployment)).Should().BeFalse("the attempt is another node's");
        (await EndAsync(deployment, node: "the next", attempt: 2)).Should().BeTrue();
        await ShouldBeBackOnceAsync(app, deployment);
    }

    [Fact]
    public async Task One_that_is_cancelled_at_its_end_changes_nothing()
    {
        var (app, deployment) = await AtItsEndAsync();
        await AppendAsync(deployment, new CancellationRequested("somebody", DateTimeOffset.UtcNow));
        (await EndAsync(deployment)).Should().BeTrue("what the step did counts");
        (await HostsAsync(app)).Should().Equal(Two);
        await using var session = Platform.Store.QuerySession();
        (await session.LoadAsync<App>(app.Id, Token))!.Releases.Should().ContainSingle();
        (await session.Events.FetchStreamAsync(deployment, token: Token)).Should().NotContain(e => e.Data is DomainsReturned);
    }

    [Fact]
    public async Task Domains_that_are_added_and_removed_at_the_same_moment_make_nobody_wait_for_ever()
    {
        var (app, deployment) = await AtItsEndAsync();
        var (end, removal, addition) = (EndAsync(deployment), RemoveAsync(app, Two), AddAsync(app, Www));
        (await end).Should().BeTrue();
        (await removal).Should().BeOneOf(HttpStatusCode.NoContent, HttpStatusCode.NotFound);
        (await addition).StatusCode.Should().BeOneOf(HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity);
        (await HostsAsync(app)).Should().Equal(Www);
        (await EventsOfAsync(app, Two)).OfType<DomainRemoved>().Should().ContainSingle();
        (await EventsOfAsync(app, Www)).OfType<DomainAdded>().Should().ContainSingle();
    }

    [Fact]
    public async Task A_name_that_the_edge_has_not_let_go_of_is_waited_for_and_else_left_out_as_an_addition_would_be_refused()
    {
        var (app, deployment) = await AtItsEndAsync();
        await RouteAsync(app);
        await ServedAsync(app, Www);
        await Patience.UntilAsync(() => EdgeHostsAsync(app), hosts => hosts.Contains(Www));
        await using var scope = Platform.Services.CreateAsyncScope();
        var returning = scope.ServiceProvider.GetRequiredService<DomainReturn>();
        await using var session = Platform.Store.QuerySession();
        var loaded = (await session.LoadAsync<Boottify.Deployments.Deployment>(deployment, Token))!;
        Hasty.Door.Set(DoorState.Closed);
        try
        {
            (await RemoveAsync(app, Www)).Should().Be(HttpStatusCode.NoContent);
            await FluentActions.Awaiting(() => returning.AwaitLetGoAsync(loaded, Token)).Should().ThrowAsync<OperationCanceledException>();
            await using var trial = Platform.Store.LightweightSession();
            var (_, done) = await returning.WriteAsync(trial, loaded, Token);
            done.LeftOut.Should().ContainSingle().Which.Reason.Should().Contain("lets go of it");
        }
        finally
        {
            Hasty.Door.Set(DoorState.Open);
        }

        await Patience.UntilAsync(() => EdgeHostsAsync(app), hosts => !hosts.Contains(Www));
        await Patience.UntilAsync(async () =>
        {
            try
            {
                await returning.AwaitLetGoAsync(loaded, Token);
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        });
        (await EndAsync(deployment)).Should().BeTrue();
        (await HostsAsync(app)).Should().Equal(Www);
    }

    /// <summary>An app with a release, and a deployment that returns to it with its domains and has done all but its end.</summary>
    private async Task<(TestApp App, string Deployment)> AtItsEndAsync()
    {
        var app = await AppAsync();
        await AddedAsync(app, Two);
        var now = DateTimeOffset.UtcNow;
        var deployment = AppIds.NewDeployment(now);
        await using var session = Platform.Store.LightweightSession();
        var stream = await session.Events.FetchForWriting<App>(app.Id, Token);
        stream.AppendOne(new ReleaseRecorded(new Release(1, "d1", TestApp.NewCommit(), "none@sha256:0", "sha256:0", false, 1, now) { Domains = [Www] }));
        session.Events.StartStream<Boottify.Deployments.Deployment>(
            deployment,
            new DeploymentRequested(deployment, app.Id, "An app", stream.Aggregate!.TeamId, TestApp.NewCommit(), "", null, Trigger.Rollback, "somebody", null, 1, now) { ReturnsDomains = true },
            new StepStarted(Step.Finalize, 1, Node, now));
        await session.SaveChangesAsync(Token);
        return (app, deployment);
    }

    /// <returns>Whether it was written; false where the deployment is another node's, or has ended.</returns>
    private async Task<bool> EndAsync(string deployment, DeploymentLog? log = null, string node = Node, int attempt = 1)
    {
        await using var own = log is null ? await Platform.Services.GetRequiredService<DeploymentLogs>().OpenAsync(deployment, Token) : null;
        try
        {
            await Journal.SucceedAsync(
                new StartedStep(deployment, Step.Finalize, attempt, node), new StepFigures(), TimeSpan.Zero, new Claim(deployment, "", Builds: false, 1), log ?? own!, Token);
            return true;
        }
        catch (LostDeploymentException)
        {
            return false;
        }
    }

    private async Task AppendAsync(string deployment, object e)
    {
        await using var session = Platform.Store.LightweightSession();
        session.Events.Append(deployment, (await session.LoadAsync<Boottify.Deployments.Deployment>(deployment, Token))!.Version + 1, e);
        await session.SaveChangesAsync(Token);
    }

    private async Task<IReadOnlyList<string>> HostsAsync(TestApp app)
    {
        await using var session = Platform.Store.QuerySession();
        return [.. (await DomainReturn.OfAsync(session, app.Id, Token)).Select(d => d.Host)];
    }

    private async Task<IReadOnlyList<object>> EventsOfAsync(TestApp app, string host)
    {
        await using var session = Platform.Store.QuerySession();
        var team = (await session.LoadAsync<App>(app.Id, Token))!.TeamId;
        return [.. (await session.Events.FetchStreamAsync(Domain.IdOf(team, host), token: Token)).Select(e => e.Data)];
    }

    private async Task ShouldBeBackOnceAsync(TestApp app, string deployment)
    {
        (await HostsAsync(app)).Should().Equal(Www);
        (await EventsOfAsync(app, Two)).OfType<DomainRemoved>().Should().ContainSingle().Which.By.Should().Be("somebody");
        (await EventsOfAsync(app, Www)).OfType<DomainAdded>().Should().ContainSingle();
        await using var session = Platform.Store.QuerySession();
        (await session.Events.FetchStreamAsync(deployment, token: Token)).Select(e => e.Data).OfType<DomainsReturned>().Should().ContainSingle();
        (await session.LoadAsync<App>(app.Id, Token))!.Releases.Should().HaveCount(2).And.Subject.Last().Domains.Should().Equal(Www);
    }
}
