using System.Net;
using System.Text.Json;
using Npgsql;

namespace Boottify.EndToEnd;

/// <summary>Where an app or a deployment is still to be found; each part is asked itself, not the platform about it.</summary>
public static class Traces
{
    /// <summary>Of a deployment that did not become a release.</summary>
    public static async Task<IReadOnlyList<string>> OfDeploymentAsync(DeployableApp app, string deployment, string commit)
    {
        var found = new List<string>();
        found.AddRange((await CommandLine.BuildContainersAsync(deployment)).Select(id => $"container {id}"));
        found.AddRange(CommandLine.Lines(await CommandLine.DockerAsync("images", "--format", "{{.Tag}}", LocalRepository(app))).Where(IsIts).Select(tag => $"local tag {tag}"));
        found.AddRange((await TagsAsync($"apps/{app.Id}")).Where(IsIts).Select(tag => $"registry tag {tag}"));
        var objects = await CommandLine.KubectlAsync("get", "deployments,replicasets,pods", "--namespace", app.Namespace, "--output", "json", "--ignore-not-found");
        if (objects.Contains(deployment, StringComparison.Ordinal))
            found.Add($"Kubernetes objects of {deployment}");
        return found;

        bool IsIts(string tag) => tag == deployment || tag == commit;
    }

    /// <summary>What would serve an app: nothing of it may be there for one whose first deployment did not succeed.</summary>
    public static async Task<IReadOnlyList<string>> OfServingAsync(DeployableApp app)
    {
        var found = new List<string>(CommandLine.Lines(await CommandLine.KubectlAsync(
            "get", "deployments,replicasets,pods,services,ingresses", "--namespace", app.Namespace, "--output", "name", "--ignore-not-found")));
        found.AddRange(CommandLine.Lines(await CommandLine.KubectlAsync(
            "get", "configmaps,secrets", "--selector", "boottify.dev/environment", "--namespace", app.Namespace, "--output", "name", "--ignore-not-found")));
        if (await HasAddressAsync(app.Host))
            found.Add("DNS name");
        if (await AnswersAsync(app))
            found.Add("route");
        return found;
    }

    /// <summary>What the app runs with: everything of the objects that a release decides on.</summary>
    public static async Task<string> WorkloadAsync(DeployableApp app)
    {
        var pods = await CommandLine.KubectlAsync("get", "deployment/app", "--namespace", app.Namespace, "--output", "jsonpath={.spec.replicas} {.spec.template}");
        var service = await CommandLine.KubectlAsync("get", "service/app", "--namespace", app.Namespace, "--output", "jsonpath={.spec}");
        var ingress = await CommandLine.KubectlAsync("get", "ingress/app", "--namespace", app.Namespace, "--output", "jsonpath={.spec}");
        var name = await CommandLine.KubectlAsync(
            "get", "deployment/app", "--namespace", app.Namespace, "--output", "jsonpath={.spec.template.spec.containers[0].envFrom[0].configMapRef.name}");
        var environment = await CommandLine.KubectlAsync("get", $"configmap/{name}", $"secret/{name}", "--namespace", app.Namespace, "--output", "jsonpath={.items[*].data}");
        return string.Join('\n', pods, service, ingress, environment);
    }

    /// <summary>All of an app.</summary>
    public static async Task<IReadOnlyList<string>> OfAppAsync(DeployableApp app)
    {
        var (found, role) = (new List<string>(), $"app_{app.Id}");
        Note("namespace", (await CommandLine.KubectlAsync("get", "namespace", app.Namespace, "--ignore-not-found", "--output", "name")).Length > 0);
        Note("DNS name", await HasAddressAsync(app.Host));
        Note("database", await CountAsync("select count(*) from pg_database where datname = $1", role) > 0);
        Note("role", await CountAsync("select count(*) from pg_roles where rolname = $1", role) > 0);
        Note("image", (await TagsAsync($"apps/{app.Id}")).Count > 0);
        Note("local image", (await CommandLine.DockerAsync("images", "--quiet", LocalRepository(app))).Length > 0);
        Note("route", await AnswersAsync(app));
        return found;

        void Note(string what, bool there)
        {
            if (there)
                found.Add(what);
        }
    }

    public static async Task<bool> HasAddressAsync(string host) => (await PatientLookup.AddressesAsync(Platform.Setting("BOOTTIFY_DNS"), host, Platform.Deadline())).Count > 0;

    /// <summary>A name that the edge does not know is refused in the handshake.</summary>
    public static async Task<bool> AnswersAsync(DeployableApp app)
    {
        using var fresh = Platform.NewEdgeClient();
        try
        {
            using var answer = await fresh.GetAsync(new Uri($"https://{app.Host}/"), Platform.Deadline());
            return true;
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            return false;
        }
    }

    public static async Task<IReadOnlyList<string>> TagsAsync(string repository)
    {
        using var list = await Registry.GetAsync($"v2/{repository}/tags/list");
        if (list.StatusCode == HttpStatusCode.NotFound)
            return [];
        list.EnsureSuccessStatusCode();
        var tags = JsonSerializer.Deserialize<JsonElement>(await list.Content.ReadAsStringAsync()).GetProperty("tags");
        return tags.ValueKind == JsonValueKind.Array ? [.. tags.EnumerateArray().Select(tag => tag.GetString()!)] : [];
    }

    private static string LocalRepository(DeployableApp app) => $"{Platform.Setting("BOOTTIFY_REGISTRY")}/apps/{app.Id}";

    private static async Task<long> CountAsync(string query, string name)
    {
        await using var database = NpgsqlDataSource.Create(Postgres.ConnectionString(Platform.Setting("BOOTTIFY_APP_DATABASE_URL")));
        await using var command = database.CreateCommand(query);
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        return (long)(await command.ExecuteScalarAsync(Platform.Deadline()))!;
    }
}
