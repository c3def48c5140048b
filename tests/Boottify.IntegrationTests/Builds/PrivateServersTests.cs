using System.Net;
using Boottify.Builds;
using Boottify.Deployments;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Builds;

/// <summary>The real git, and Git servers in the platform's own network.</summary>
[Collection("Builds")]
public class PrivateServersTests(BuildFixture fixture)
{
    private const string Refused = "*is not fetched: its host leads to no address of the public internet*BOOTTIFY_GIT_PRIVATE_SERVERS*";

    [Fact]
    public async Task A_repository_on_loopback_is_refused_for_good_by_all_that_reads_repositories_and_fetched_where_it_is_named()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        var second = await repository.CommitAsync("index.html", "2");
        await using var server = await SmallGitServer.StartAsync(repository.Bare);
        foreach (var url in new[] { repository.Url, $"{server.Url}/x.git" })
        {
            var source = new SourceRepository(url, null);
            await using var guarded = Naming("");
            var builder = guarded.GetRequiredService<IImageBuilder>();
            await RefusedAsync(() => builder.ResolveAsync(source, "main", BuildFixture.Token));
            await RefusedAsync(() => builder.ResolveAsync(source, second, BuildFixture.Token));
            await RefusedAsync(() => builder.HeadAsync(source, "main", BuildFixture.Token));
            await RefusedAsync(() => builder.DescendantsAsync(source, repository.Commit, [second], "main", BuildFixture.Token));
            await RefusedAsync(() => builder.InspectAsync(fixture.Request(repository, url: url), new RecordedLog(), BuildFixture.Token));
            server.Authorizations.Should().BeEmpty("nobody asked there");
        }

        await using var open = Naming(new Uri(repository.Url).Authority);
        (await HeadAsync(open, repository.Url)).Should().Be(second);
        (await open.GetRequiredService<IImageBuilder>().InspectAsync(fixture.Request(repository), new RecordedLog(), BuildFixture.Token)).Template.Should().Be("static");
        await RefusedAsync(() => HeadAsync(open, $"{server.Url}/x.git"));
        server.Authorizations.Should().BeEmpty("another port is another server");
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost.")]
    public async Task A_name_that_this_machine_takes_for_loopback_is_refused(string name)
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        await using var server = await SmallGitServer.StartAsync(repository.Bare);
        var url = $"http://{name}:{new Uri(server.Url).Port}/x.git";
        await using var guarded = Naming("");
        await RefusedAsync(() => HeadAsync(guarded, url));
        server.Authorizations.Should().BeEmpty();

        await using var open = Naming("127.0.0.1");
        (await HeadAsync(open, url)).Should().Be(repository.Commit);
    }

    [Fact]
    public async Task A_name_of_a_tenants_own_zone_that_leads_to_loopback_is_refused_unless_it_is_named_itself()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        await using var server = await SmallGitServer.StartAsync(repository.Bare);
        var port = new Uri(server.Url).Port;
        // git knows no such name by itself: it fetches only if it is held to what was found here.
        var url = $"http://git.tenant.test:{port}/x.git";
        await using var guarded = Naming("", "127.0.0.1");
        await RefusedAsync(() => HeadAsync(guarded, url));
        server.Authorizations.Should().BeEmpty();

        await using var open = Naming($"git.tenant.test:{port}", "127.0.0.1");
        (await HeadAsync(open, url)).Should().Be(repository.Commit);
        (await open.GetRequiredService<IImageBuilder>().InspectAsync(fixture.Request(repository, url: url), new RecordedLog(), BuildFixture.Token)).Template.Should().Be("static");
    }

    [Fact]
    public async Task Git_does_not_look_a_name_up_again()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        await using var server = await SmallGitServer.StartAsync(repository.Bare);
        // This machine's own answer leads to the server: a name that has changed its mind since it was judged.
        await using var services = Naming("127.0.0.77", "127.0.0.77");
        await FluentActions.Awaiting(() => HeadAsync(services, $"http://localhost:{new Uri(server.Url).Port}/x.git"))
            .Should().ThrowAsync<StepException>().WithMessage("*cannot be reached*");
        server.Authorizations.Should().BeEmpty("git connected to what was found, and nowhere else");
    }

    [Fact]
    public async Task A_redirect_into_the_platforms_own_network_is_not_followed()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        await using var inside = await SmallGitServer.StartAsync(repository.Bare);
        await using var outside = await SmallGitServer.StartAsync(repository.Bare, redirect: inside.Url);
        await using var services = Naming(new Uri(outside.Url).Authority);
        await FluentActions.Awaiting(() => HeadAsync(services, $"{outside.Url}/x.git")).Should().ThrowAsync<StepException>().WithMessage("*Use the address that it redirects to*");
        await FluentActions.Awaiting(() => services.GetRequiredService<IImageBuilder>()
                .InspectAsync(fixture.Request(repository, url: $"{outside.Url}/x.git"), new RecordedLog(), BuildFixture.Token))
            .Should().ThrowExactlyAsync<StepException>("it is not tried again").WithMessage("*Use the address that it redirects to*");
        outside.Authorizations.Should().HaveCount(2, "once for each");
        inside.Authorizations.Should().BeEmpty();
    }

    [Fact]
    public async Task A_name_that_nobody_knows_fails_for_now()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        await using var services = fixture.Services([], (_, _) => Task.FromResult<IPAddress[]>([]));
        await FluentActions.Awaiting(() => services.GetRequiredService<IImageBuilder>()
                .InspectAsync(fixture.Request(repository, url: "http://git.tenant.test/x.git"), new RecordedLog(), BuildFixture.Token))
            .Should().ThrowAsync<PassingFaultException>().WithMessage("*host name is not known*");
    }

    /// <param name="found">What every name leads to; the machine's own answers unless given.</param>
    private ServiceProvider Naming(string servers, string? found = null) => fixture.Services(
        new(StringComparer.Ordinal) { ["BOOTTIFY_GIT_PRIVATE_SERVERS"] = servers }, found is null ? null : (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(found)]));

    private static Task<string> HeadAsync(ServiceProvider services, string url) =>
        services.GetRequiredService<IImageBuilder>().HeadAsync(new SourceRepository(url, null), "main", BuildFixture.Token);

    // Exactly: a passing fault would be tried again.
    private static async Task RefusedAsync(Func<Task> act) => await act.Should().ThrowExactlyAsync<StepException>().WithMessage(Refused);
}
