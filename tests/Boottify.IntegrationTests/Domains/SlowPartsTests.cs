using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Boottify.IntegrationTests.Engine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RealPlatform = Boottify.IntegrationTests.Cluster.RealPlatform;

namespace Boottify.IntegrationTests.Domains;

/// <summary>Name servers that answer nothing, and a database that takes its time: whoever waits is told, and nobody else waits.</summary>
public sealed class SlowPartsTests : IAsyncLifetime
{
    private readonly FailingNameServer silent = new() { Answers = false };
    private ControlPlane platform = null!;
    private OwnZone zone = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        platform = new ControlPlane
        {
            Settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["BOOTTIFY_AUTHORITY_PORT"] = $"{silent.Port}",
                ["BOOTTIFY_DNS_PRIVATE_SERVERS"] = "1",
                ["BOOTTIFY_DOMAIN_LOOK_SECONDS"] = "2",
            },
        };
        zone = await OwnZone.CreateAsync(RealPlatform.Setting);
        // Delegated to the test's own server, with its address as glue.
        await zone.SetAsync($"sub.{zone.Name}", "NS", $"ns.sub.{zone.Name}");
        await zone.SetAsync($"ns.sub.{zone.Name}", "A", "127.0.0.3");
        await platform.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await platform.DisposeAsync();
        await zone.DisposeAsync();
        await silent.DisposeAsync();
    }

    [Fact]
    public async Task A_domain_whose_name_servers_answer_nothing_is_told_so_at_the_limit_and_nobody_waits_for_it()
    {
        var (slow, well) = (await AppAsync(), await AppAsync());
        var added = await AddedAsync(slow, $"www.sub.{zone.Name}");
        added.GetProperty("status").GetString().Should().Be("pendingOwnership", "it is answered without asking name servers");
        var other = await AddedAsync(well, $"www.{zone.Name}");
        await zone.SetAsync($"_boottify.www.{zone.Name}", "TXT", other.GetProperty("records")[0].GetProperty("value").GetString()!);

        var told = await UntilAsync(slow, $"www.sub.{zone.Name}", domain =>
        {
            // While the look is under way too, and not when its lease would end.
            domain.GetProperty("nextAttempt").GetDateTimeOffset().Should().BeBefore(DateTimeOffset.UtcNow.AddMinutes(1));
            return domain.GetProperty("reason").GetString() is not null;
        });
        told.GetProperty("reason").GetString().Should().Contain("did not answer all questions within 2 s").And.Contain("delegated");
        await UntilAsync(well, $"www.{zone.Name}", domain => domain.GetProperty("status").GetString() == "pendingDns");

        silent.Answers = true;
        await UntilAsync(slow, $"www.sub.{zone.Name}", domain => domain.GetProperty("reason").GetString()!.Contains("SERVFAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_that_the_database_holds_up_ends_in_words_and_may_be_sent_again()
    {
        var (app, host) = (await AppAsync(), $"www.{zone.Name}");
        await using (var connection = await platform.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Token))
        await using (var held = await connection.BeginTransactionAsync(Token))
        {
            await using var hold = new NpgsqlCommand("select id from boottify.mt_streams where id = @app for update", connection, held);
            hold.Parameters.AddWithValue("app", app.Id);
            (await hold.ExecuteScalarAsync(Token)).Should().Be(app.Id);
            // More than may add at once: who stands in line is told as well.
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AddAsync(app, host)));
            foreach (var answer in answers)
            {
                answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
                answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(5));
                (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString().Should().Contain("Sending the request again does no harm");
                answer.Dispose();
            }
        }

        using var again = await AddAsync(app, host);
        again.StatusCode.Should().Be(HttpStatusCode.Created, await again.Content.ReadAsStringAsync(Token));
    }

    private async Task<TestApp> AppAsync() => await platform.CreateAppAsync(await platform.CreateTeamAsync());

    private Task<HttpResponseMessage> AddAsync(TestApp app, string host) => platform.Administrator.PostAsJsonAsync($"/api/apps/{app.Id}/domains", new { host }, Token);

    private async Task<JsonElement> AddedAsync(TestApp app, string host)
    {
        using var answer = await AddAsync(app, host);
        answer.StatusCode.Should().Be(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Token));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
    }

    private Task<JsonElement> UntilAsync(TestApp app, string host, Func<JsonElement, bool> isThere) =>
        Patience.UntilAsync(() => platform.Administrator.GetFromJsonAsync<JsonElement>($"/api/apps/{app.Id}/domains/{host}", Token), isThere);
}
