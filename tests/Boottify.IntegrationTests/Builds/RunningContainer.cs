using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Boottify.IntegrationTests.Builds;

/// <summary>An image, run as the cluster would: without capabilities, and with a user that cannot become root.</summary>
public sealed class RunningContainer : IAsyncDisposable
{
    private readonly DockerClient _docker;
    private readonly string _id;

    private RunningContainer(DockerClient docker, string id)
    {
        _docker = docker;
        _id = id;
    }

    public static async Task<RunningContainer> StartAsync(DockerClient docker, string image, IList<string>? command)
    {
        var made = await docker.Containers.CreateContainerAsync(
            new CreateContainerParameters
            {
                Image = image,
                Cmd = command ?? [],
                HostConfig = new HostConfig { CapDrop = ["ALL"], SecurityOpt = ["no-new-privileges"] },
            },
            BuildFixture.Token);
        var container = new RunningContainer(docker, made.ID);
        await docker.Containers.StartContainerAsync(made.ID, new ContainerStartParameters(), BuildFixture.Token);
        return container;
    }

    /// <summary>Asks the app, for as long as it takes to start.</summary>
    public async Task<string> GetAsync(string path, HttpStatusCode status)
    {
        var container = await _docker.Containers.InspectContainerAsync(_id, BuildFixture.Token);
        var address = container.NetworkSettings!.Networks!["bridge"].IPAddress;
        using var http = new HttpClient();
        var answer = await Patience.UntilAsync(TryAsync, said => said is not null);
        answer!.Value.Status.Should().Be(status);
        return answer.Value.Text;

        async Task<(HttpStatusCode Status, string Text)?> TryAsync()
        {
            try
            {
                using var response = await http.GetAsync(new Uri($"http://{address}:3000{path}"), BuildFixture.Token);
                return (response.StatusCode, await response.Content.ReadAsStringAsync(BuildFixture.Token));
            }
            catch (Exception away) when (away is HttpRequestException or TaskCanceledException && !BuildFixture.Token.IsCancellationRequested)
            {
                (await _docker.Containers.InspectContainerAsync(_id, BuildFixture.Token)).State!.Running.Should().BeTrue("an app that has ended does not answer any more");
                return null;
            }
        }
    }

    public async Task<string> OutputAsync()
    {
        await _docker.Containers.WaitContainerAsync(_id, BuildFixture.Token);
        using var logs = await _docker.Containers.GetContainerLogsAsync(_id, new ContainerLogsParameters { ShowStdout = true, ShowStderr = true }, BuildFixture.Token);
        var (stdout, stderr) = await logs.ReadOutputToEndAsync(BuildFixture.Token);
        stderr.Should().BeEmpty();
        return stdout;
    }

    public async ValueTask DisposeAsync() =>
        await _docker.Containers.RemoveContainerAsync(_id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }, CancellationToken.None);
}
