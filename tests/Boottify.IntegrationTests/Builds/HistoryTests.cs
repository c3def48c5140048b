using Boottify.Builds;
using Boottify.Deployments;

namespace Boottify.IntegrationTests.Builds;

[Collection("Builds")]
public class HistoryTests(BuildFixture fixture)
{
    [Fact]
    public async Task The_head_of_a_branch_is_the_branch_s_own_whatever_else_has_its_name()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "x"));
        var other = await repository.CommitAsync("index.html", "y", "feature/main");
        await BuildFixture.GitAsync("-C", repository.Bare, "tag", "only-a-tag", other);
        (await HeadAsync(repository.Url, "main")).Should().Be(repository.Commit);
        (await HeadAsync(repository.Url, "feature/main")).Should().Be(other);
        await FailsAsync(() => HeadAsync(repository.Url, "only-a-tag"), "*no branch 'only-a-tag'*");
        await FailsAsync(() => HeadAsync("http://127.0.0.1:1/x.git", "main"), "*cannot be reached*");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_descends_from_a_commit_is_told_by_history_without_files_and_also_by_a_server_that_knows_no_filter(bool byId)
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        var second = await repository.CommitAsync("index.html", "2");
        var aside = await repository.CommitAsync("index.html", "aside", "aside");
        await BuildFixture.GitAsync("-C", repository.Work, "checkout", "--quiet", "main");
        var third = await repository.CommitAsync("index.html", "3");
        await using var old = await SmallGitServer.StartAsync(repository.Bare);
        var source = new SourceRepository(byId ? repository.Url : $"{old.Url}/x.git", null);

        (await DescendantsAsync(source, repository.Commit, second, third)).Should().Equal(second, third);
        (await DescendantsAsync(source, second, repository.Commit, third)).Should().Equal(third);
        (await DescendantsAsync(source, third, repository.Commit, second)).Should().BeEmpty();
        (await DescendantsAsync(source, third, aside)).Should().BeEmpty("they have parted");
        (await DescendantsAsync(source, second)).Should().BeEmpty();
        Directory.EnumerateDirectories(Path.Combine(fixture.Data, "builds"), "verify-*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public async Task A_commit_that_is_gone_leaves_what_the_branch_itself_tells()
    {
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        var second = await repository.CommitAsync("index.html", "2");
        (await DescendantsAsync(new SourceRepository(repository.Url, null), repository.Commit, new string('a', 40), second)).Should().Equal(second);
    }

    [Fact]
    public async Task A_private_repository_s_token_is_on_no_command_line()
    {
        const string secret = "t0ken-S3cr3t+/=x";
        var repository = await fixture.RepositoryAsync(("index.html", "1"));
        var second = await repository.CommitAsync("index.html", "2");
        await using var server = await SmallGitServer.StartAsync(repository.Bare, secret);
        var source = new SourceRepository($"{server.Url}/private.git", secret);
        (await fixture.Builder.HeadAsync(source, "main", BuildFixture.Token)).Should().Be(second);
        (await DescendantsAsync(source, repository.Commit, second)).Should().Equal(second);
        server.CommandLines.Should().Contain(line => line.Contains(source.Url, StringComparison.Ordinal), "git was running while the server was asked")
            .And.NotContain(line => line.Contains(secret, StringComparison.Ordinal));
    }

    private Task<string> HeadAsync(string url, string branch) => fixture.Builder.HeadAsync(new SourceRepository(url, null), branch, BuildFixture.Token);

    private Task<IReadOnlyList<string>> DescendantsAsync(SourceRepository source, string commit, params string[] candidates) =>
        fixture.Builder.DescendantsAsync(source, commit, candidates, "main", BuildFixture.Token);

    private static async Task FailsAsync(Func<Task> act, string message) => await act.Should().ThrowAsync<StepException>().WithMessage(message);
}
