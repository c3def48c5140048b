using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Boottify.Apps;
using Boottify.Builds;
using Boottify.Deployments;
using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Builds;

[Collection("Builds")]
public class PushTests(BuildFixture fixture)
{
    [Theory]
    [InlineData("MyApp")]
    [InlineData("Ünïcode & Co")]
    [InlineData("../../etc; rm -rf /")]
    public async Task A_push_gives_the_digest_that_the_registry_has_whatever_the_app_is_called(string name)
    {
        var request = await BuiltAsync(name);
        var log = new RecordedLog();
        var pushed = await fixture.Builder.PushAsync(request, log, BuildFixture.Token);

        pushed.Digest.Should().MatchRegex("^sha256:[0-9a-f]{64}$");
        pushed.Tag.Should().Be(request.Commit);
        pushed.Reference.Should().Be($"{fixture.Registry}/apps/{request.AppId}@{pushed.Digest}");
        (await HeldAsync(request.ImageRepository, request.Commit)).Should().Be(pushed.Digest);
        (await HeldAsync(request.ImageRepository, pushed.Digest)).Should().Be(pushed.Digest);
        log.Text.Should().Contain(pushed.Digest).And.NotContain(BuildFixture.Need("BOOTTIFY_REGISTRY_PASSWORD"));
    }

    [Fact]
    public async Task A_push_repeated_after_a_crash_gives_the_same_digest()
    {
        var request = await BuiltAsync("Twice");
        var first = await fixture.Builder.PushAsync(request, new RecordedLog(), BuildFixture.Token);
        (await fixture.Builder.PushAsync(request, new RecordedLog(), BuildFixture.Token)).Should().Be(first);
    }

    [Fact]
    public async Task A_commit_deployed_again_leaves_the_earlier_digest_in_the_registry()
    {
        var first = await BuiltAsync("Again");
        var before = await fixture.Builder.PushAsync(first, new RecordedLog(), BuildFixture.Token);
        var second = first with { DeploymentId = AppIds.NewDeployment(DateTimeOffset.UtcNow) };
        // On another machine, or without the cache, it comes out as another image.
        var built = await fixture.Docker.Images.InspectImageAsync(Local(first), BuildFixture.Token);
        await fixture.Docker.Images.DeleteImageAsync(built.ID, new ImageDeleteParameters { Force = true }, BuildFixture.Token);
        await fixture.Builder.BuildAsync(second, new RecordedLog(), BuildFixture.Token);
        var after = await fixture.Builder.PushAsync(second, new RecordedLog(), BuildFixture.Token);

        after.Digest.Should().NotBe(before.Digest);
        (await HeldAsync(first.ImageRepository, before.Digest)).Should().Be(before.Digest);

        await fixture.Builder.DeleteRepositoryAsync(first.ImageRepository, BuildFixture.Token);
        (await HeldAsync(first.ImageRepository, before.Digest)).Should().BeNull();
        (await HeldAsync(first.ImageRepository, after.Digest)).Should().BeNull();
        (await LocalAsync(first)).Should().BeEmpty();
        await fixture.Builder.DeleteRepositoryAsync(first.ImageRepository, BuildFixture.Token);
    }

    [Fact]
    public async Task What_came_out_as_a_kept_release_did_is_that_image_and_is_kept_when_its_deployment_is_discarded()
    {
        var first = await BuiltAsync("Shared");
        var before = await fixture.Builder.PushAsync(first, new RecordedLog(), BuildFixture.Token);
        var second = first with { DeploymentId = AppIds.NewDeployment(DateTimeOffset.UtcNow) };
        await fixture.Builder.BuildAsync(second, new RecordedLog(), BuildFixture.Token);
        var after = await fixture.Builder.PushAsync(second, new RecordedLog(), BuildFixture.Token);
        after.Digest.Should().Be(before.Digest, "it came from the cache");

        await fixture.Builder.DiscardAsync(second, [before.Digest], BuildFixture.Token);
        (await HeldAsync(first.ImageRepository, before.Digest)).Should().Be(before.Digest);
        (await HeldAsync(first.ImageRepository, first.DeploymentId)).Should().Be(before.Digest);
        (await LocalAsync(first)).Should().Contain(Local(first)).And.NotContain(Local(second));
        await fixture.Builder.DeleteRepositoryAsync(first.ImageRepository, BuildFixture.Token);
    }

    [Fact]
    public async Task A_discarded_image_is_gone_from_the_registry_and_from_the_engine()
    {
        var request = await BuiltAsync("Gone");
        var pushed = await fixture.Builder.PushAsync(request, new RecordedLog(), BuildFixture.Token);
        (await LocalAsync(request)).Should().NotBeEmpty();

        await fixture.Builder.DiscardAsync(request, [], BuildFixture.Token);
        (await HeldAsync(request.ImageRepository, pushed.Digest)).Should().BeNull();
        (await LocalAsync(request)).Should().BeEmpty();
        await fixture.Builder.DiscardAsync(request, [], BuildFixture.Token);
    }

    [Fact]
    public async Task A_registry_that_refuses_the_account_is_told_without_its_password()
    {
        await using var services = fixture.Services(new() { ["BOOTTIFY_REGISTRY_PASSWORD"] = "wr0ng-pa55word" });
        var builder = services.GetRequiredService<IImageBuilder>();
        var request = await BuiltAsync("Refused");
        var failure = await FluentActions.Awaiting(() => builder.PushAsync(request, new RecordedLog(), BuildFixture.Token)).Should().ThrowAsync<StepException>();
        failure.Which.Message.Should().Contain("refuses the push").And.NotContain("wr0ng-pa55word");
    }

    [Fact]
    public async Task A_registry_that_is_away_is_a_passing_fault()
    {
        await using var services = fixture.Services(new() { ["BOOTTIFY_REGISTRY"] = "127.0.0.1:1" });
        var builder = services.GetRequiredService<IImageBuilder>();
        var request = fixture.Request(await RepositoryAsync());
        await builder.BuildAsync(request, new RecordedLog(), BuildFixture.Token);
        await FluentActions.Awaiting(() => builder.PushAsync(request, new RecordedLog(), BuildFixture.Token)).Should().ThrowAsync<PassingFaultException>();
        await fixture.Docker.Images.DeleteImageAsync($"127.0.0.1:1/{request.ImageRepository}:{request.DeploymentId}", new ImageDeleteParameters(), BuildFixture.Token);
    }

    [Fact]
    public async Task Without_an_image_there_is_nothing_to_push() =>
        await FluentActions.Awaiting(async () => await fixture.Builder.PushAsync(fixture.Request(await RepositoryAsync()), new RecordedLog(), BuildFixture.Token))
            .Should().ThrowAsync<LostResultException>().Where(lost => lost.From == Step.Build).WithMessage("The image to push is not on this machine any more.*");

    [Fact]
    public async Task Every_image_says_whose_it_is_by_its_name()
    {
        var request = await BuiltAsync("Names");
        (await LocalAsync(request)).Should().Equal(Local(request));
        await fixture.Builder.DiscardAsync(request, [], BuildFixture.Token);
        (await LocalAsync(request)).Should().BeEmpty();
    }

    private Task<GitRepository> RepositoryAsync() => fixture.RepositoryAsync(("Dockerfile", $"FROM node:20-alpine\nENV X={Guid.NewGuid()}\nUSER 1000\n"));

    private async Task<BuildRequest> BuiltAsync(string name)
    {
        var request = fixture.Request(await RepositoryAsync(), name: name);
        await fixture.Builder.BuildAsync(request, new RecordedLog(), BuildFixture.Token);
        return request;
    }

    private string Local(BuildRequest request) => $"{fixture.Registry}/{request.ImageRepository}:{request.DeploymentId}";

    private async Task<IEnumerable<string>> LocalAsync(BuildRequest request) =>
        (await fixture.Docker.Images.ListImagesAsync(new ImagesListParameters(), BuildFixture.Token))
        .SelectMany(image => image.RepoTags ?? [])
        .Where(tag => tag.StartsWith($"{fixture.Registry}/{request.ImageRepository}:", StringComparison.Ordinal));

    // Asked of the registry directly.
    private async Task<string?> HeldAsync(string repository, string reference)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri($"http://{fixture.Registry}/v2/{repository}/manifests/{reference}"));
        request.Headers.Accept.ParseAdd("application/vnd.docker.distribution.manifest.v2+json");
        var account = $"{BuildFixture.Need("BOOTTIFY_REGISTRY_USER")}:{BuildFixture.Need("BOOTTIFY_REGISTRY_PASSWORD")}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(account)));
        using var response = await http.SendAsync(request, BuildFixture.Token);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("Docker-Content-Digest").Single();
    }
}
