using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;

namespace Boottify.Benchmarks.Overhead;

/// <summary>The cluster, by the same kubectl as the baseline uses.</summary>
internal static class Cluster
{
    // With their versions: what older clusters prefer for "ingress" is another kind.
    private const string Kinds =
        "resourcequotas,limitranges,serviceaccounts,configmaps,secrets,networkpolicies.v1.networking.k8s.io,services,ingresses.v1.networking.k8s.io,deployments.v1.apps";

    public static string Kubectl { get; } = Environment.GetEnvironmentVariable("KUBECTL") is { Length: > 0 } named ? named : "kubectl";

    public static async Task<string> KubectlAsync(params string[] arguments) =>
        (await Cli.Wrap(Kubectl).WithArguments(arguments).ExecuteBufferedAsync()).StandardOutput.Trim();

    /// <summary>
    /// Everything that Boottify made in its app's namespace, as a manifest for another namespace: the pods of both are alike to
    /// the last probe and limit. Labels are renamed, so that the platform does not take it for its own.
    /// </summary>
    public static async Task<string> ManifestAsync(string from, string to)
    {
        var items = new JsonArray(Plain(JsonNode.Parse(await KubectlAsync("get", "namespace", from, "--output", "json"))!));
        var found = JsonNode.Parse(await KubectlAsync("get", Kinds, "--namespace", from, "--selector", "app.kubernetes.io/managed-by=boottify", "--output", "json"))!;
        foreach (var item in found["items"]!.AsArray())
            items.Add(Plain(item!.DeepClone()));
        var deployment = items.Single(item => (string?)item!["kind"] == "Deployment")!;
        deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "IMAGE";

        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = items }.ToJsonString()
            .Replace("boottify.dev/", "raw.example/", StringComparison.Ordinal)
            .Replace("\"app.kubernetes.io/managed-by\":\"boottify\"", "\"app.kubernetes.io/managed-by\":\"raw\"", StringComparison.Ordinal)
            .Replace(from, to, StringComparison.Ordinal);
    }

    /// <summary>
    /// What the app answers through its Service. A script ends when Kubernetes calls the rollout complete, which the nodes'
    /// rules follow a moment later: so this asks on, outside what is measured, for some seconds.
    /// </summary>
    public static async Task ShouldAnswerAsync(string @namespace, string path, string version)
    {
        var address = await KubectlAsync("get", "service", "app", "--namespace", @namespace, "--output", "jsonpath={.spec.clusterIP}");
        var answer = "";
        for (var asked = 0; asked < 50 && answer != version; asked++)
        {
            using var http = new HttpClient();
            answer = (await http.GetStringAsync(new Uri($"http://{address}{path}"))).Trim();
            await Task.Delay(100);
        }

        if (answer != version)
            throw new InvalidOperationException($"{version} was deployed to {@namespace}, but what answers is {answer}.");
    }

    /// <summary>Takes out what the API server filled in.</summary>
    private static JsonNode Plain(JsonNode item)
    {
        var metadata = item["metadata"]!;
        item["metadata"] = new JsonObject
        {
            ["name"] = metadata["name"]!.DeepClone(),
            ["labels"] = metadata["labels"]?.DeepClone(),
        };
        if (metadata["namespace"] is { } @namespace)
            item["metadata"]!["namespace"] = @namespace.DeepClone();
        item.AsObject().Remove("status");
        item.AsObject().Remove("secrets");
        if (item["spec"] is JsonObject spec)
        {
            foreach (var given in new[] { "clusterIP", "clusterIPs", "finalizers" })
                spec.Remove(given);
        }

        return item;
    }
}
