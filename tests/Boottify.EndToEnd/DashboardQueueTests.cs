using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Boottify.EndToEnd;

public sealed class DashboardQueueTests(Platform platform, Browser browser)
{
    private static readonly LocatorAssertionsToBeVisibleOptions Patiently = new() { Timeout = 120_000 };

    [Fact]
    public async Task What_waits_is_shown_with_its_place_and_its_reason_and_what_took_its_place_is_named()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Ticking(), "Waiting in line");
        var running = await app.AnnounceAsync();
        await app.UntilLineAsync(running, "tick 1");
        await app.Source.CommitAsync(TestApps.Serving("older"));
        var older = await app.AnnounceAsync();

        await using var tab = await browser.OpenAsync();
        var page = tab.Page;
        await tab.SignInAsync(platform);
        await page.GotoAsync(new Uri(platform.Url, $"deployments/{older}").ToString());
        await Expect(page.GetByText($"another deployment of this app ({running}) to end")).ToBeVisibleAsync(Patiently);
        await ShotAsync(page, "waiting");

        await page.GetByRole(AriaRole.Link, new() { Name = "Queue", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Queue" })).ToBeVisibleAsync();
        await Expect(page.Locator($".queue-row:has(a[href='/deployments/{running}']) .status")).ToHaveTextAsync("Building");
        await Expect(page.Locator($".queue-row:has(a[href='/deployments/{older}'])")).ToContainTextAsync("another deployment of this app");
        await ShotAsync(page, "queue");

        await app.Source.CommitAsync(TestApps.Serving("newer"));
        var newer = await app.AnnounceAsync();
        await Expect(page.Locator($".queue-row a[href='/deployments/{newer}']")).ToBeVisibleAsync(Patiently);
        await page.GotoAsync(new Uri(platform.Url, $"deployments/{older}").ToString());
        await Expect(page.Locator($"a[href='/deployments/{newer}']")).ToBeVisibleAsync(Patiently);
        await app.CancelAsync(newer);
        await app.CancelAsync(running);
        tab.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task A_release_is_returned_to_with_a_reason_that_is_shown_afterwards()
    {
        await using var app = await platform.CreateAppAsync(TestApps.Serving("one"), "Returned with a reason");
        (await app.PushAsync()).Status.Should().Be("succeeded");
        await app.SetVariableAsync("GREETING", "hello");
        var host = $"www.{app.Id}.example.net";
        await (await platform.Api.PostAsJsonAsync($"api/apps/{app.Id}/domains", new { host }, Platform.Deadline())).ReadAsync<JsonElement>(HttpStatusCode.Created);
        (await app.PushAsync(TestApps.Serving("two"))).Status.Should().Be("succeeded");

        await using var tab = await browser.OpenAsync();
        var page = tab.Page;
        await tab.SignInAsync(platform);
        await page.GotoAsync(new Uri(platform.Url, $"apps/{app.Id}#releases").ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll back to release 1" }).ClickAsync();
        await Expect(page.GetByText("differ in GREETING")).ToBeVisibleAsync();
        await page.GetByLabel("Why? It stays in the history.").FillAsync("Two is too slow");
        await Expect(page.GetByText($"Put its custom domains back too: removes {host}")).ToBeVisibleAsync();
        await page.GetByLabel("Put its custom domains back too").CheckAsync();
        await ShotAsync(page, "reason");
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll back", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Two is too slow")).ToBeVisibleAsync(Patiently);
        await Expect(page.Locator(".heading .status")).ToHaveTextAsync("Succeeded", new() { Timeout = 300_000 });
        await page.GotoAsync(new Uri(platform.Url, $"apps/{app.Id}#releases").ToString());
        await Expect(page.GetByText("The next push changes GREETING")).ToBeVisibleAsync(Patiently);
        await ShotAsync(page, "releases");
        using var gone = await platform.Api.GetAsync($"api/apps/{app.Id}/domains/{host}", Platform.Deadline());
        gone.StatusCode.Should().Be(HttpStatusCode.NotFound, "it came after that release");
        tab.Errors.Should().BeEmpty();
    }

    private static async Task ShotAsync(IPage page, string what)
    {
        if (Environment.GetEnvironmentVariable("BOOTTIFY_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{what}.png") });
    }
}
