using System.Net;
using DnsClient;
using Npgsql;

namespace Boottify.EndToEnd;

public sealed class DeleteTests(Platform platform)
{
    [Fact]
    public async Task Deleting_an_app_leaves_no_trace_of_it_in_any_part_of_the_platform()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("node-server"), "Deleted");
        var ended = await app.PushAsync();
        ended.Status.Should().Be("succeeded", ended.Error);
        (await TracesAsync(app)).Should().Equal("namespace", "DNS name", "database", "role", "image", "local image", "route");

        await app.DeleteAsync();
        (await TracesAsync(app)).Should().BeEmpty();
        using var gone = await platform.Api.GetAsync($"api/apps/{app.Id}", Platform.Deadline());
        (await gone.ReadAsync<Problem>(HttpStatusCode.NotFound)).Detail.Should().NotBeNullOrWhiteSpace();
    }

    /// <summary>Where the app is still to be found; each part is asked itself, not the platform about it.</summary>
    private static async Task<IReadOnlyList<string>> TracesAsync(DeployableApp app)
    {
        var (found, role) = (new List<string>(), $"app_{app.Id}");
        Note("namespace", (await CommandLine.KubectlAsync("get", "namespace", app.Namespace, "--ignore-not-found", "--output", "name")).Length > 0);
        Note("DNS name", await HasAddressAsync(app.Host));
        Note("database", await CountAsync("select count(*) from pg_database where datname = $1", role) > 0);
        Note("role", await CountAsync("select count(*) from pg_roles where rolname = $1", role) > 0);
        Note("image", await HasTagsAsync($"apps/{app.Id}"));
        Note("local image", (await CommandLine.DockerAsync("images", "--quiet", $"{Platform.Setting("BOOTTIFY_REGISTRY")}/apps/{app.Id}")).Length > 0);
        Note("route", await AnswersAsync(app));
        return found;

        void Note(string what, bool there)
        {
            if (there)
                found.Add(what);
        }
    }

    private static async Task<bool> HasAddressAsync(string host)
    {
        var server = IPEndPoint.Parse(Platform.Setting("BOOTTIFY_DNS"));
        var dns = new LookupClient(new LookupClientOptions(server) { UseCache = false });
        return (await dns.QueryAsync(host, QueryType.A, cancellationToken: Platform.Deadline())).Answers.Count > 0;
    }

    private static async Task<long> CountAsync(string query, string name)
    {
        await using var database = NpgsqlDataSource.Create(Postgres.ConnectionString(Platform.Setting("BOOTTIFY_APP_DATABASE_URL")));
        await using var command = database.CreateCommand(query);
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        return (long)(await command.ExecuteScalarAsync(Platform.Deadline()))!;
    }

    private static async Task<bool> HasTagsAsync(string repository)
    {
        using var tags = await Registry.GetAsync($"v2/{repository}/tags/list");
        return tags.IsSuccessStatusCode && !(await tags.Content.ReadAsStringAsync()).Contains("\"tags\":null", StringComparison.Ordinal);
    }

    /// <summary>A name that the edge does not know is refused in the handshake.</summary>
    private static async Task<bool> AnswersAsync(DeployableApp app)
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
}
