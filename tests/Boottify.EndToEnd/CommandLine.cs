using CliWrap;
using CliWrap.Buffered;

namespace Boottify.EndToEnd;

/// <summary>The real command-line tools against the platform's own cluster and engine, named by KUBECONFIG and DOCKER_HOST.</summary>
public static class CommandLine
{
    /// <returns>Its standard output, trimmed; another exit code than 0 fails the test with what it said.</returns>
    public static Task<string> KubectlAsync(params string[] arguments) => Kubectl.RunAsync(arguments, Platform.Deadline());

    public static Task<string> DockerAsync(params string[] arguments) => RunAsync("docker", arguments);

    /// <summary>
    /// Ids of the containers in which the engine runs commands of this deployment's build, by the mark that each has. A pod has the id in its
    /// labels, and the kubelet removes a pod's sandbox only after the pod itself is gone.
    /// </summary>
    public static async Task<IReadOnlyList<string>> BuildContainersAsync(string deployment)
    {
        var found = new List<string>();
        foreach (var id in Lines(await DockerAsync("ps", "--all", "--quiet", "--no-trunc")))
        {
            // Others come and go while this looks.
            var inspected = await Cli.Wrap("docker").WithArguments(["inspect", "--format", "{{json .HostConfig.ExtraHosts}}", id])
                .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(Platform.Deadline());
            if (inspected.StandardOutput.Contains(deployment, StringComparison.Ordinal))
                found.Add(id);
        }

        return found;
    }

    /// <summary>Ends one of the platform's own programs with that signal and starts it again, as ops/up would. Needs the checkout whose platform it is.</summary>
    public static Task RestartAsync(string component, string signal) => RunAsync(
        "bash",
        ["-euc", "source \"$1/ops/lib.sh\"; load \"$2\"; pid_of \"$pidfile\"; end \"$pidfile\" \"$3\" 30; component_up \"$2\"", "restart", RepositoryRoot.Path, component, signal]);

    public static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        _ = Platform.Setting("DOCKER_HOST");
        return (await Cli.Wrap(program).WithArguments(arguments).ExecuteBufferedAsync(Platform.Deadline())).StandardOutput.Trim();
    }
}
