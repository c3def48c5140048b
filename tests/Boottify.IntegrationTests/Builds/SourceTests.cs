using System.Net;
using System.Net.Sockets;
using Boottify.Builds;
using Boottify.Deployments;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Builds;

[Collection("Builds")]
public class SourceTests(BuildFixture fixture)
{
    private const string Secret = "t0ken-S3cr3t+/=x";
    private static readonly string Nobody = new('a', 40);

    [Fact]
    public async Task A_branch_a_tag_and_a_commit_are_resolved_to_a_full_commit()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        await BuildFixture.GitAsync("-C", repository.Bare, "-c", "user.name=T", "-c", "user.email=t@example.test", "tag", "--annotate", "--message=One", "v1");
        var feature = await repository.CommitAsync("index.html", "y", "feature/x");

        (await ResolveAsync(repository.Url, "main")).Should().Be(repository.Commit);
        (await ResolveAsync(repository.Url, "HEAD")).Should().Be(repository.Commit);
        (await ResolveAsync(repository.Url, "")).Should().Be(repository.Commit);
        (await ResolveAsync(repository.Url, "v1")).Should().Be(repository.Commit);
        (await ResolveAsync(repository.Url, "feature/x")).Should().Be(feature);
        (await ResolveAsync(repository.Url, feature[..9])).Should().Be(feature);
        (await ResolveAsync(repository.Url, repository.Commit.ToUpperInvariant())).Should().Be(repository.Commit);
    }

    [Fact]
    public async Task A_wrong_branch_is_answered_with_the_right_ones()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        await repository.CommitAsync("index.html", "y", "release");
        await FailsAsync(() => ResolveAsync(repository.Url, "mian"), $"The repository {repository.Url} has no branch or tag 'mian'. Its branches are main, release.");
    }

    [Fact]
    public async Task A_commit_that_is_not_there_is_named()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        await FailsAsync(() => ResolveAsync(repository.Url, Nobody), $"The repository {repository.Url} has no commit {Nobody}.*");
        await FailsAsync(() => InspectAsync(fixture.Request(repository, commit: Nobody)), $"The repository {repository.Url} has no commit {Nobody}.*");
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_named()
    {
        var repository = await fixture.RepositoryAsync(("web/index.html", "x"));
        await FailsAsync(() => InspectAsync(fixture.Request(repository, directory: "wbe")), "The commit has no folder 'wbe'. Its folders are web.");
    }

    [Fact]
    public async Task A_repository_that_is_not_there_is_named() =>
        await FailsAsync(() => ResolveAsync($"{fixture.GitUrl}/no-such.git", "main"), $"*{fixture.GitUrl}/no-such.git*");

    [Theory]
    [InlineData("--upload-pack=id")]
    [InlineData("-x")]
    [InlineData("a b")]
    public async Task A_revision_that_looks_like_an_option_is_refused(string revision) =>
        await FailsAsync(() => ResolveAsync("http://127.0.0.1:1/x.git", revision), "The branch, tag or commit holds characters*");

    [Fact]
    public async Task A_server_that_does_not_answer_fails_in_words_after_several_tries()
    {
        await FailsAsync(() => ResolveAsync("http://127.0.0.1:1/x.git", "main"), "The repository http://127.0.0.1:1/x.git cannot be reached*");

        await using var broken = await SmallGitServer.StartAsync(bare: null);
        await FailsAsync(() => ResolveAsync($"{broken.Url}/x.git", "main"), "*cannot be reached*500*");
        broken.Authorizations.Should().HaveCount(4, "a fault that may pass is tried again, but not for ever");
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_left_after_the_time_limit()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var services = fixture.Services(new() { ["BOOTTIFY_SOURCE_TIMEOUT"] = "2" });
        var builder = services.GetRequiredService<IImageBuilder>();
        await FailsAsync(
            () => builder.ResolveAsync(new SourceRepository($"http://{silent.LocalEndpoint}/x.git", null), "main", BuildFixture.Token), "*did not answer within 2 s*");

        var request = fixture.Request(await fixture.RepositoryAsync(("index.html", "x")), url: $"http://{silent.LocalEndpoint}/x.git");
        await FluentActions.Awaiting(() => builder.InspectAsync(request, new RecordedLog(), BuildFixture.Token))
            .Should().ThrowAsync<PassingFaultException>("a step may be tried again").WithMessage("*did not answer within 2 s*");
    }

    [Fact]
    public async Task A_server_that_is_away_fails_a_step_for_now_and_who_waits_for_an_answer_at_once()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        await using var server = await SmallGitServer.StartAsync(repository.Bare);
        var url = $"{server.Url}/x.git";
        var request = fixture.Request(repository, url: url);
        server.Away = true;
        await FailsAsync(() => ResolveAsync(url, repository.Commit), "*cannot be reached*");
        await FailsAsync(() => ResolveAsync(url, "main"), "*cannot be reached*");
        await FluentActions.Awaiting(() => InspectAsync(request)).Should().ThrowAsync<PassingFaultException>().WithMessage("*cannot be reached*");

        server.Away = false;
        (await InspectAsync(request)).Template.Should().Be("static");
    }

    [Fact]
    public async Task Exactly_the_commit_asked_for_is_built_even_when_the_branch_has_gone_on()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "first"));
        await repository.CommitAsync("index.html", "second");
        var request = fixture.Request(repository);
        await InspectAsync(request);

        var workspace = fixture.Workspace(request);
        (await File.ReadAllTextAsync(Path.Combine(workspace, "source", "index.html"), BuildFixture.Token)).Should().Be("first");
        Directory.EnumerateFileSystemEntries(workspace, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Should().BeEquivalentTo("fetched", "source", "index.html");

        await fixture.Builder.CleanUpAsync(request.DeploymentId, BuildFixture.Token);
        Directory.Exists(workspace).Should().BeFalse();
    }

    [Fact]
    public async Task A_workspace_that_a_crash_left_half_full_is_fetched_again()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        var request = fixture.Request(repository);
        await InspectAsync(request);
        var source = Path.Combine(fixture.Workspace(request), "source");
        File.Delete(Path.Combine(fixture.Workspace(request), "fetched"));
        await File.WriteAllTextAsync(Path.Combine(source, "Dockerfile"), "FROM half", BuildFixture.Token);
        (await InspectAsync(request)).Template.Should().Be("static");
    }

    [Fact]
    public async Task A_server_that_hands_out_no_commits_by_id_is_asked_for_its_branches()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "first"));
        await repository.CommitAsync("index.html", "second");
        await using var old = await SmallGitServer.StartAsync(repository.Bare);
        var request = fixture.Request(repository, url: $"{old.Url}/x.git");
        (await InspectAsync(request)).Template.Should().Be("static");
        await FailsAsync(() => InspectAsync(fixture.Request(repository, commit: Nobody, url: $"{old.Url}/x.git")), $"*has no commit {Nobody}*");
    }

    [Fact]
    public async Task A_commit_above_the_size_limit_is_refused()
    {
        var repository = await fixture.RepositoryAsync(("index.html", new string('x', 3 << 20)));
        await using var services = fixture.Services(new() { ["BOOTTIFY_SOURCE_LIMIT_MB"] = "1" });
        var builder = services.GetRequiredService<IImageBuilder>();
        await FailsAsync(() => builder.InspectAsync(fixture.Request(repository), new RecordedLog(), BuildFixture.Token), "The commit is larger than 1 MB*");
    }

    [Fact]
    public async Task A_private_repository_is_read_with_its_token_which_shows_up_nowhere()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        await using var server = await SmallGitServer.StartAsync(repository.Bare, Secret);
        var url = $"{server.Url}/private.git";

        (await fixture.Builder.ResolveAsync(new SourceRepository(url, Secret), "main", BuildFixture.Token)).Should().Be(repository.Commit);
        var request = fixture.Request(repository, url: url, token: Secret);
        var log = new RecordedLog();
        await fixture.Builder.InspectAsync(request, log, BuildFixture.Token);

        server.Authorizations.Should().Contain(a => a.StartsWith("Basic ", StringComparison.Ordinal));
        log.Text.Should().NotContain(Secret).And.Contain(url);
        server.CommandLines.Should().Contain(line => line.Contains(url, StringComparison.Ordinal), "git was running while the server was asked")
            .And.NotContain(line => line.Contains(Secret, StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(fixture.Data, "builds"), "*", SearchOption.AllDirectories))
            (await File.ReadAllTextAsync(file, BuildFixture.Token)).Should().NotContain(Secret);
    }

    [Fact]
    public async Task A_private_repository_without_the_right_token_says_what_to_do_and_shows_no_token()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        await using var server = await SmallGitServer.StartAsync(repository.Bare, "another");
        var url = $"{server.Url}/private.git";
        await FailsAsync(() => ResolveAsync(url, "main"), "*asks for a token*set the app's repository token*");

        var refused = await FluentActions.Awaiting(() => fixture.Builder.ResolveAsync(new SourceRepository(url, Secret), "main", BuildFixture.Token)).Should().ThrowAsync<StepException>();
        refused.Which.Message.Should().Contain("refuses the app's token");
        refused.Which.ToString().Should().NotContain(Secret);

        var inUrl = url.Replace("http://", "http://me:" + Uri.EscapeDataString(Secret) + "@", StringComparison.Ordinal);
        refused = await FluentActions.Awaiting(() => ResolveAsync(inUrl, "main")).Should().ThrowAsync<StepException>();
        refused.Which.ToString().Should().NotContain(Uri.EscapeDataString(Secret));
    }

    [Fact]
    public async Task A_redirect_to_another_server_is_not_followed_and_told()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        await using var thief = await SmallGitServer.StartAsync(repository.Bare, "thief");
        await using var server = await SmallGitServer.StartAsync(repository.Bare, Secret, redirect: thief.Url);
        await FailsAsync(
            () => fixture.Builder.ResolveAsync(new SourceRepository($"{server.Url}/x.git", Secret), "main", BuildFixture.Token), "*redirects to another address*Use the address that it redirects to*");
        thief.Authorizations.Should().BeEmpty("nobody asked there");
        server.Authorizations.Should().Contain(authorization => authorization.Length > 0, "it was asked, and redirected");
    }

    private Task<string> ResolveAsync(string url, string revision) => fixture.Builder.ResolveAsync(new SourceRepository(url, null), revision, BuildFixture.Token);

    private Task<BuildPlan> InspectAsync(BuildRequest request) => fixture.Builder.InspectAsync(request, new RecordedLog(), BuildFixture.Token);

    private static async Task FailsAsync(Func<Task> act, string message) =>
        await act.Should().ThrowAsync<StepException>().WithMessage(message);
}
