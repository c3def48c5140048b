using System.Net;
using System.Net.Http.Json;
using System.Security.Authentication;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Boottify.EndToEnd;

public sealed class DomainTests(Platform platform, Browser browser)
{
    [Fact]
    public async Task A_custom_domain_is_served_once_its_owner_has_set_the_records_stays_over_deployments_and_goes_when_it_is_removed()
    {
        await using var zone = await OwnZone.CreateAsync(Platform.Setting);
        var host = $"www.{zone.Name}";
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Own domain");

        // A domain that waits holds no deployment up, which says what it waits for.
        var domain = await AddAsync(app, host);
        await UntilAsync(app, host, d => Reason(d).Contains("TXT record", StringComparison.Ordinal));
        var first = await app.PushAsync();
        first.Status.Should().Be("succeeded", first.Error);
        (await app.LogAsync(first.Id)).Should().ContainMatch($"*{host} is pending:*TXT record*");
        await RefusesAsync(host);

        await SetAsync(zone, domain, "TXT");
        await UntilAsync(app, host, d => Status(d) == "pendingDns" && Reason(d).Contains("no address", StringComparison.Ordinal));
        await SetAsync(zone, domain, "CNAME");
        await VerifyAsync(app, host);
        (await UntilAsync(app, host, d => Status(d) == "active")).GetProperty("reason").ValueKind.Should().Be(JsonValueKind.Null);
        (await GetAsync(host)).Should().Be("one");
        (await app.GetStringAsync()).Should().Be("one", "the platform's own name stays");
        await RedirectsAsync(host);

        var second = await app.PushAsync(TestApps.Serving("two"));
        second.Status.Should().Be("succeeded", second.Error);
        (await GetAsync(host)).Should().Be("two");

        using var removed = await platform.Api.DeleteAsync($"api/apps/{app.Id}/domains/{host}", Platform.Deadline());
        removed.StatusCode.Should().Be(HttpStatusCode.NoContent);
        await LeavesAsync(host);
        using var gone = await platform.Api.GetAsync($"api/apps/{app.Id}/domains/{host}", Platform.Deadline());
        gone.StatusCode.Should().Be(HttpStatusCode.NotFound);

        // The first release was made before the domain was removed, the second while it was served; neither brings it back.
        var back = await app.EndOfAsync(await app.RequestAsync("rollback", new { release = 1 }));
        back.Status.Should().Be("succeeded", back.Error);
        back = await app.EndOfAsync(await app.RequestAsync("rollback", new { release = 2 }));
        back.Status.Should().Be("succeeded", back.Error);
        (await app.GetStringAsync()).Should().Be("two");
        await RefusesAsync(host);
    }

    [Fact]
    public async Task The_page_adds_a_domain_shows_the_records_to_set_and_removes_it()
    {
        await using var zone = await OwnZone.CreateAsync(Platform.Setting);
        var host = $"www.{zone.Name}";
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Domains on the page");
        await using var tab = await browser.OpenAsync();
        var page = tab.Page;
        await tab.SignInAsync(platform);
        await page.GotoAsync(new Uri(platform.Url, $"apps/{app.Id}#domains").ToString());

        await page.GetByLabel("Domain", new() { Exact = true }).FillAsync("*.example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("wildcard");
        await page.GetByLabel("Domain", new() { Exact = true }).FillAsync(host);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();

        var shown = page.GetByRole(AriaRole.Region, new() { Name = host });
        var patiently = new LocatorAssertionsToContainTextOptions { Timeout = 60_000 };
        await Expect(shown.Locator("[data-status=pendingOwnership]")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(shown.Locator(".reason")).ToContainTextAsync($"_boottify.{host}", patiently);
        await Expect(shown).ToContainTextAsync("boottify-verification=");
        await Expect(shown).ToContainTextAsync(app.Host);
        if (Environment.GetEnvironmentVariable("BOOTTIFY_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "domains.png"), FullPage = true });

        var domain = await (await platform.Api.GetAsync($"api/apps/{app.Id}/domains/{host}", Platform.Deadline())).ReadAsync<JsonElement>();
        await SetAsync(zone, domain, "TXT");
        await shown.GetByRole(AriaRole.Button, new() { Name = $"Verify {host}" }).ClickAsync();
        await Expect(shown.Locator("[data-status=pendingDns]")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await shown.GetByRole(AriaRole.Button, new() { Name = $"Remove {host}" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove it" }).ClickAsync();
        await Expect(page.GetByText("No domain yet.")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        tab.Errors.Should().BeEmpty();
    }

    /// <summary>Sets a record that the domain's answer tells, as its owner would.</summary>
    private static Task SetAsync(OwnZone zone, JsonElement domain, string type)
    {
        var record = domain.GetProperty("records").EnumerateArray().Single(r => r.GetProperty("type").GetString() == type);
        return zone.SetAsync(record.GetProperty("name").GetString()!, type, record.GetProperty("value").GetString()!);
    }

    private async Task<JsonElement> AddAsync(DeployableApp app, string host) =>
        await (await platform.Api.PostAsJsonAsync($"api/apps/{app.Id}/domains", new { host }, Platform.Deadline())).ReadAsync<JsonElement>(HttpStatusCode.Created);

    private async Task VerifyAsync(DeployableApp app, string host) =>
        await (await platform.Api.PostAsync($"api/apps/{app.Id}/domains/{host}/verify", null, Platform.Deadline())).ReadAsync<JsonElement>();

    private async Task<JsonElement> UntilAsync(DeployableApp app, string host, Func<JsonElement, bool> isThere)
    {
        var deadline = Platform.Deadline();
        while (true)
        {
            var domain = await (await platform.Api.GetAsync($"api/apps/{app.Id}/domains/{host}", deadline)).ReadAsync<JsonElement>();
            if (isThere(domain))
                return domain;
            await Task.Delay(300, deadline);
        }
    }

    /// <summary>Over HTTPS that verifies, from a connection of its own.</summary>
    private static async Task<string> GetAsync(string host)
    {
        using var client = Platform.NewEdgeClient();
        return await client.GetStringAsync(new Uri($"https://{host}/"), Platform.Deadline());
    }

    private static async Task RefusesAsync(string host)
    {
        var asking = () => GetAsync(host);
        (await asking.Should().ThrowAsync<HttpRequestException>("no name but those of routes gets through the handshake")).Which.InnerException.Should().BeOfType<AuthenticationException>();
    }

    /// <summary>A busy edge takes longer than the answer to the removal waits for it.</summary>
    private static Task LeavesAsync(string host) => Patience.UntilAsync(
        async () =>
        {
            try
            {
                await GetAsync(host);
                return false;
            }
            catch (HttpRequestException fault) when (fault.InnerException is AuthenticationException)
            {
                return true;
            }
        },
        () => $"{host} was removed, and is still served");

    private static async Task RedirectsAsync(string host)
    {
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{Platform.Setting("BOOTTIFY_HTTP_PORT")}/path?query=1") { Headers = { Host = host } };
        using var answer = await client.SendAsync(request, Platform.Deadline());
        answer.StatusCode.Should().Be(HttpStatusCode.PermanentRedirect);
        answer.Headers.Location!.ToString().Should().StartWith($"https://{host}").And.EndWith("/path?query=1");
    }

    private static string Reason(JsonElement domain) => domain.GetProperty("reason").GetString() ?? "";

    private static string Status(JsonElement domain) => domain.GetProperty("status").GetString()!;
}
