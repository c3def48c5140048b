using Boottify.Builds;
using Boottify.Deployments;
using Boottify.Logs;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Builds;

[Collection("Builds")]
public class FailingBuildTests(BuildFixture fixture)
{
    [Fact]
    public async Task A_build_that_fails_keeps_each_line_of_its_output_in_order_then_says_where_it_failed()
    {
        var request = fixture.Request(await fixture.SampleAsync("broken-build"));
        var log = new RecordedLog();
        var failure = await FluentActions.Awaiting(() => fixture.Builder.BuildAsync(request, log, BuildFixture.Token)).Should().ThrowAsync<StepException>();

        failure.Which.Message.Should().Match("The build failed at step */* RUN npm run build: its command ended with exit code 3*");
        log.Of(LogOrigin.Stdout).Where(line => line.StartsWith("out ", StringComparison.Ordinal)).Should().Equal(Enumerable.Range(1, 200).Select(n => $"out {n} of 200"));
        log.Of(LogOrigin.Stderr).Where(line => line.StartsWith("err ", StringComparison.Ordinal)).Should().Equal(Enumerable.Range(1, 200).Select(n => $"err {n} of 200"));
        await NothingIsLeftAsync(request);
    }

    [Fact]
    public async Task A_cancelled_build_is_stopped_in_the_engine_and_leaves_no_container()
    {
        var request = fixture.Request(await DockerfileAsync("FROM node:20-alpine\nRUN echo started && sleep 300\n"));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(BuildFixture.Token);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = new RecordedLog { Written = line => { if (line == "started") started.TrySetResult(); } };
        var build = fixture.Builder.BuildAsync(request, log, cancel.Token);
        await Task.WhenAny(started.Task, build);

        var container = await InspectAsync((await ContainersAsync(request)).Should().ContainSingle("the build is under way").Subject);
        container.HostConfig!.PidsLimit.Should().Be(2048);
        container.HostConfig.Memory.Should().Be(2048L << 20);
        container.HostConfig.MemorySwap.Should().Be(2048L << 20);
        container.HostConfig.CPUQuota.Should().Be(200_000);

        await cancel.CancelAsync();
        await FluentActions.Awaiting(() => build).Should().ThrowAsync<OperationCanceledException>();
        await NothingIsLeftAsync(request);
    }

    [Fact]
    public async Task A_build_that_takes_too_long_is_stopped()
    {
        var request = fixture.Request(await DockerfileAsync("FROM node:20-alpine\nRUN sleep 301\n"));
        await FailsAsync(request, new() { ["BOOTTIFY_BUILD_TIMEOUT"] = "20" }, "The build took longer than 20 seconds and was stopped.");
        await NothingIsLeftAsync(request);
    }

    [Fact]
    public async Task A_build_that_needs_too_much_memory_is_told_so()
    {
        var request = fixture.Request(await DockerfileAsync("FROM node:20-alpine\nRUN node -e \"const a=[];for(;;)a.push(Buffer.alloc(1<<20,1))\"\n"));
        await FailsAsync(request, new() { ["BOOTTIFY_BUILD_MEMORY_MB"] = "64" }, "The build failed at step 2/* RUN node*killed*64 MB of memory.");
        await NothingIsLeftAsync(request);
    }

    [Fact]
    public async Task A_build_that_makes_too_many_processes_hits_its_limit()
    {
        // It is put on each container right after its start: the loop waits until it is.
        var request = fixture.Request(await DockerfileAsync(
            "FROM node:20-alpine\nRUN for t in $(seq 120); do grep -qsx 20 /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max && break; sleep 0.5; done; i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; wait; echo all 60 ran\n"));
        var log = new RecordedLog();
        await FailsAsync(request, new() { ["BOOTTIFY_BUILD_PIDS"] = "20" }, "The build failed at step 2/*", log);
        log.Text.Should().NotContain("\nall 60 ran");
    }

    [Fact]
    public async Task An_image_above_the_size_limit_is_refused_and_removed()
    {
        var request = fixture.Request(await DockerfileAsync("FROM node:20-alpine\nCMD [\"node\"]\n"));
        await FailsAsync(request, new() { ["BOOTTIFY_IMAGE_LIMIT_MB"] = "50" }, "The image has * MB; at most 52 MB are allowed.*");
        await NothingIsLeftAsync(request);
    }

    [Theory]
    [InlineData("FROM node:20-alpine\nRUNN x\n", "*unknown instruction: RUNN*")]
    [InlineData("FROM node:20-alpine\nCOPY no-such-file /x\n", "The build failed at step 2/* COPY no-such-file /x: *")]
    [InlineData("", "*cannot be empty*")]
    public async Task A_Dockerfile_with_a_fault_is_shown_with_the_engines_own_words(string dockerfile, string message) =>
        await FailsAsync(fixture.Request(await DockerfileAsync(dockerfile)), [], message);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_registry_of_a_base_image_that_is_away_is_a_passing_fault(bool answers)
    {
        // A server that answers 500 to everything, or a port that nobody listens at.
        await using var failing = await SmallGitServer.StartAsync(bare: null);
        var registry = answers ? new Uri(failing.Url).Authority : "127.0.0.1:1";
        var request = fixture.Request(await DockerfileAsync($"FROM {registry}/none:1\n"));
        await FluentActions.Awaiting(() => fixture.Builder.BuildAsync(request, new RecordedLog(), BuildFixture.Token))
            .Should().ThrowAsync<PassingFaultException>().WithMessage("The build failed at step 1/1 FROM*");
        await NothingIsLeftAsync(request);
    }

    [Fact]
    public async Task A_base_image_that_its_registry_does_not_have_is_no_passing_fault() =>
        await FailsAsync(fixture.Request(await DockerfileAsync($"FROM {fixture.Registry}/none/{Guid.NewGuid():N}:1\n")), [], "The build failed at step 1/1 FROM*");

    [Fact]
    public async Task A_build_cannot_lay_hands_on_another_container_by_printing_its_id()
    {
        var other = await fixture.Docker.Containers.CreateContainerAsync(
            new CreateContainerParameters { Image = "node:20-alpine", Cmd = ["sleep", "60"] }, BuildFixture.Token);
        try
        {
            var request = fixture.Request(await DockerfileAsync($"FROM node:20-alpine\nRUN echo ' ---> Running in {other.ID[..12]}'\n"));
            var log = new RecordedLog();
            await fixture.Builder.BuildAsync(request, log, BuildFixture.Token);
            log.Text.Should().Contain($"\n ---> Running in {other.ID[..12]}");
            ((await InspectAsync(other.ID)).HostConfig!.PidsLimit ?? 0).Should().Be(0);
        }
        finally
        {
            await fixture.Docker.Containers.RemoveContainerAsync(other.ID, new ContainerRemoveParameters { Force = true }, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_symbolic_link_in_a_commit_brings_nothing_of_the_platforms_machine_into_an_image()
    {
        var secret = Path.Combine(fixture.Data, "secret.txt");
        var repository = await fixture.RepositoryAsync(async folder =>
        {
            await File.WriteAllTextAsync(secret, "platform secret", BuildFixture.Token);
            await File.WriteAllTextAsync(Path.Combine(folder, "Dockerfile"), "FROM node:20-alpine\nCOPY link /copied\nRUN cat /copied\n", BuildFixture.Token);
            File.CreateSymbolicLink(Path.Combine(folder, "link"), secret);
        });
        var log = new RecordedLog();
        await FailsAsync(fixture.Request(repository), [], "The build failed at step *", log);
        log.Text.Should().NotContain("platform secret");
    }

    private Task<GitRepository> DockerfileAsync(string text) => fixture.RepositoryAsync(("Dockerfile", text), ("some.txt", Guid.NewGuid().ToString()));

    private async Task FailsAsync(BuildRequest request, Dictionary<string, string?> settings, string message, RecordedLog? log = null)
    {
        await using var services = fixture.Services(settings);
        var builder = services.GetRequiredService<IImageBuilder>();
        await FluentActions.Awaiting(() => builder.BuildAsync(request, log ?? new RecordedLog(), BuildFixture.Token)).Should().ThrowAsync<StepException>().WithMessage(message);
    }

    /// <summary>What runs no more a busy engine may still be removing; the cleaning that follows each deployment waits for that.</summary>
    private async Task NothingIsLeftAsync(BuildRequest request)
    {
        foreach (var left in await ContainersAsync(request))
            ((await InspectAsync(left)).State?.Running ?? false).Should().BeFalse("the build is over");
        await fixture.Builder.CleanUpAsync(request.DeploymentId, BuildFixture.Token);
        (await ContainersAsync(request)).Should().BeEmpty();
        await FluentActions.Awaiting(() => fixture.Docker.Images.InspectImageAsync($"{fixture.Registry}/{request.ImageRepository}:{request.DeploymentId}", BuildFixture.Token))
            .Should().ThrowAsync<DockerImageNotFoundException>();
    }

    // Asked of the engine directly, by what each build writes into its containers' hosts file.
    private async Task<List<string>> ContainersAsync(BuildRequest request)
    {
        var found = new List<string>();
        foreach (var listed in await fixture.Docker.Containers.ListContainersAsync(new ContainersListParameters { All = true }, BuildFixture.Token))
        {
            if ((await InspectAsync(listed.ID))?.HostConfig?.ExtraHosts?.Any(host => host.Contains($"{request.DeploymentId}.build.", StringComparison.Ordinal)) == true)
                found.Add(listed.ID);
        }

        return found;
    }

    private async Task<ContainerInspectResponse> InspectAsync(string id)
    {
        try
        {
            return await fixture.Docker.Containers.InspectContainerAsync(id, BuildFixture.Token);
        }
        catch (DockerContainerNotFoundException)
        {
            return new ContainerInspectResponse();
        }
    }
}
