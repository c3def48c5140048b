using System.Text.RegularExpressions;
using Npgsql;

namespace Boottify.EndToEnd;

public sealed partial class ClusterObjectsTests(Platform platform, LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task An_app_has_a_namespace_of_its_own_with_all_that_it_runs_on()
    {
        live.App.Namespace.Should().Be($"app-{live.App.Id}");
        var kinds = CommandLine.Lines(await GetAsync("deployments,services,ingresses,configmaps,secrets,networkpolicies,resourcequotas,limitranges,serviceaccounts", "name"))
            .Select(name => name.Split('/')[0].Split('.')[0]).Distinct();
        kinds.Should().Contain(["deployment", "service", "ingress", "configmap", "secret", "networkpolicy", "resourcequota", "limitrange", "serviceaccount"]);
        (await GetAsync("service/app", "jsonpath={.spec.type}")).Should().Be("ClusterIP");
        (await GetAsync("ingress/app", "jsonpath={.spec.rules[0].host}")).Should().Be(live.App.Host);
    }

    [Fact]
    public async Task Its_pods_run_the_digest_that_the_registry_holds_for_the_commit()
    {
        var digest = live.Deployment.Image!.Digest!;
        digest.Should().Be(await Registry.DigestAsync($"apps/{live.App.Id}", live.App.Source.Head));
        (await GetAsync("deployment/app", "jsonpath={.spec.template.spec.containers[*].image}")).Should().EndWith($"@{digest}");
        (await GetAsync("pods", "jsonpath={.items[*].spec.containers[*].image}")).Should().Be(live.Deployment.Image.Reference);
    }

    [Fact]
    public async Task Its_pods_run_as_an_unprivileged_user_and_hold_no_key_to_the_cluster()
    {
        (await InPodAsync("id", "-u")).Should().NotBe("0");
        (await InPodAsync("sh", "-c", "cat /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null || echo none")).Should().Be("none");
        (await InPodAsync("sh", "-c", "grep CapEff /proc/self/status")).Should().MatchRegex("CapEff:\\s+0+$");
    }

    [Fact]
    public async Task Its_own_database_answers_at_the_address_in_its_environment_and_no_other_one_does()
    {
        var url = await InPodAsync("sh", "-c", "echo $DATABASE_URL");
        var settings = new NpgsqlConnectionStringBuilder(Postgres.ConnectionString(url));
        await using (var own = NpgsqlDataSource.Create(settings))
        {
            await using var command = own.CreateCommand("create table kept (n int); insert into kept values (7); select n from kept");
            (await command.ExecuteScalarAsync(Platform.Deadline())).Should().Be(7);
        }

        settings.Database = new NpgsqlConnectionStringBuilder(Postgres.ConnectionString(Platform.Setting("DATABASE_URL"))).Database;
        await using var platforms = NpgsqlDataSource.Create(settings);
        var enter = async () => await platforms.OpenConnectionAsync(Platform.Deadline());
        (await enter.Should().ThrowAsync<PostgresException>()).Which.SqlState.Should().Be(PostgresErrorCodes.InsufficientPrivilege);
        // The pod reaches it as well as this test does.
        (await InPodAsync("node", "-e", "const u = new URL(process.env.DATABASE_URL); require('net').connect(u.port, u.hostname, () => { console.log('reached'); process.exit(0) })"))
            .Should().Be("reached");
    }

    [Theory]
    [InlineData("MyApp")]
    [InlineData("Ünïcode & Co")]
    public async Task An_app_may_have_any_name_and_its_image_a_legal_one(string name)
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving(name), name);
        var ended = await app.PushAsync();
        ended.Status.Should().Be("succeeded", ended.Error);
        app.Name.Should().Be(name);
        ended.Image!.Reference.Should().MatchRegex(ImageReference());
        Uri.CheckHostName(app.Host).Should().Be(UriHostNameType.Dns);
        app.Host.Should().Be(app.Host.ToLowerInvariant());
        (await app.GetStringAsync()).Should().Be(name);
    }

    private Task<string> GetAsync(string what, string output) =>
        CommandLine.KubectlAsync("get", what, "--namespace", live.App.Namespace, "--output", output);

    private Task<string> InPodAsync(params string[] command) =>
        CommandLine.KubectlAsync(["exec", "deployment/app", "--namespace", live.App.Namespace, "--", .. command]);

    [GeneratedRegex("^[a-z0-9.:-]+(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)+@sha256:[0-9a-f]{64}$")]
    private static partial Regex ImageReference();
}
