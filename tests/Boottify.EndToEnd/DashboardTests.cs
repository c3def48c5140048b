using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Boottify.EndToEnd;

public sealed class DashboardTests(Platform platform, Browser browser)
{
    // Bounds a wait for what the platform does; the promise is that it comes without a reload, not when.
    private static readonly LocatorAssertionsToBeVisibleOptions Patiently = new() { Timeout = 300_000 };
    private static readonly string[] Steps = ["validate", "build", "push", "provision", "check", "publish", "finalize"];

    [Fact]
    public async Task A_wrong_token_is_refused_with_words_that_say_what_to_do()
    {
        await using var tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(platform.Url.ToString());
        await tab.Page.GetByLabel("Access token").FillAsync("bt_wrong");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(tab.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not accepted");
        await Expect(tab.Page.GetByLabel("Access token")).ToBeVisibleAsync();
        tab.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task A_deployment_is_followed_live_from_the_push_to_the_app_that_answers()
    {
        await using var app = await platform.CreateAppAsync(UnhurriedServer(), "Followed live");
        await using var tab = await browser.OpenAsync();
        var page = tab.Page;
        await tab.SignInAsync(platform);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Followed live", Exact = true }).First).ToBeVisibleAsync();
        await page.GotoAsync(new Uri(platform.Url, $"apps/{app.Id}").ToString());
        await Expect(page.GetByText("Waiting for the first push")).ToBeVisibleAsync();

        var deployment = await app.AnnounceAsync();
        var row = page.Locator($"a[href='/deployments/{deployment}']");
        await Expect(row).ToBeVisibleAsync(Patiently);
        await row.ClickAsync();
        // Gone if the page were loaded again: all that follows arrives by itself.
        await page.EvaluateAsync("window.neverReloaded = true");

        await Expect(page.Locator(".pulse.live")).ToBeVisibleAsync(Patiently);
        await Expect(page.Locator(".step[data-step=build][data-status=running]")).ToBeVisibleAsync(Patiently);
        await Expect(page.Locator(".heading .status:is(.good, .bad, .warn, .quiet)")).ToBeVisibleAsync(Patiently);
        (await app.DeploymentAsync(deployment)).Error.Should().BeNull();
        await Expect(page.Locator(".heading .status")).ToHaveTextAsync("Succeeded");
        foreach (var step in Steps)
            await Expect(page.Locator($".step[data-step={step}][data-status=succeeded]")).ToBeVisibleAsync();
        (await page.EvaluateAsync<bool>("window.neverReloaded === true")).Should().BeTrue();

        var log = await app.LogAsync(deployment);
        await Expect(page.Locator(".log .count")).ToHaveTextAsync($"{log.Length:N0} lines");
        await Expect(page.Locator(".row .n").Last).ToHaveTextAsync($"{log.Length}");
        (await page.GetByRole(AriaRole.Link, new() { Name = "Open app" }).GetAttributeAsync("href")).Should().Contain(app.Host);
        (await app.GetAsync()).EnsureSuccessStatusCode().Dispose();
        tab.Errors.Should().BeEmpty();
        if (Environment.GetEnvironmentVariable("BOOTTIFY_SCREENSHOT") is { Length: > 0 } picture)
            await page.ScreenshotAsync(new() { Path = picture });
    }

    [Fact]
    public async Task Log_lines_appear_while_their_step_still_runs()
    {
        await using var app = await platform.CreateAppAsync(SlowBuild(), "Slow build");
        await using var tab = await browser.OpenAsync();
        await tab.SignInAsync(platform);
        var deployment = await app.AnnounceAsync();
        await tab.Page.GotoAsync(new Uri(platform.Url, $"deployments/{deployment}").ToString());

        await Expect(tab.Page.Locator(".row .text").GetByText("tick 1", new() { Exact = true }).First).ToBeVisibleAsync(Patiently);
        await Expect(tab.Page.Locator(".row .text").GetByText("tick 3", new() { Exact = true }).First).ToBeVisibleAsync(Patiently);
        // The build ends only when it is told to, so its step cannot have ended before these lines were seen.
        (await tab.Page.Locator(".step[data-step=build]").GetAttributeAsync("data-status")).Should().Be("running");

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel the deployment" }).ClickAsync();
        await Expect(tab.Page.Locator(".heading [data-status=cancelled]")).ToBeVisibleAsync(Patiently);
        tab.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task A_follower_whose_connection_is_cut_goes_on_by_itself_with_every_line_once()
    {
        await using var app = await platform.CreateAppAsync(SlowBuild(), "Cut off");
        await using var link = new CuttableLink(platform.Url);
        await using var tab = await browser.OpenAsync();
        await tab.SignInAsync(platform, link.Url);
        var deployment = await app.AnnounceAsync();
        await tab.Page.GotoAsync(new Uri(link.Url, $"deployments/{deployment}").ToString());

        for (var tick = 2; tick <= 6; tick += 2)
        {
            await Expect(tab.Page.Locator(".row .text").GetByText($"tick {tick}", new() { Exact = true }).First).ToBeVisibleAsync(Patiently);
            // Right after the cut before, the page may still be waiting to connect again.
            await Patience.UntilAsync(() => Task.FromResult(link.Cut() > 0), () => "There was no connection to cut");
        }

        await Expect(tab.Page.Locator(".row .text").GetByText("tick 9", new() { Exact = true }).First).ToBeVisibleAsync(Patiently);
        var shown = await tab.Page.Locator(".row .text").AllInnerTextsAsync();
        Attempts.Last(shown.Where(text => text.StartsWith("tick ", StringComparison.Ordinal)), "tick 1").Take(9).Should().Equal(Enumerable.Range(1, 9).Select(n => $"tick {n}"));
    }

    [Fact]
    public async Task A_failed_build_shows_its_reason_and_its_whole_log()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("broken-build"), "Broken build");
        var failed = await app.PushAsync();
        failed.Status.Should().Be("failed");

        await using var tab = await browser.OpenAsync();
        await tab.SignInAsync(platform);
        await tab.Page.GotoAsync(new Uri(platform.Url, $"deployments/{failed.Id}").ToString());
        await Expect(tab.Page.Locator(".heading [data-status=failed]")).ToBeVisibleAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The build step failed");
        await Expect(tab.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync(failed.Error!.Split('\n')[0]);
        await Expect(tab.Page.Locator(".step[data-step=build][data-status=failed]")).ToBeVisibleAsync();

        var log = await app.LogAsync(failed.Id);
        // It begins at the end, since that is where a failure stands.
        await Expect(tab.Page.Locator(".row .n").Last).ToHaveTextAsync($"{log.Length}");
        await tab.Page.GetByRole(AriaRole.Region, new() { Name = "Log lines" }).PressAsync("Home");
        await Expect(tab.Page.Locator(".row .n").First).ToHaveTextAsync("1");
        tab.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task Markup_in_a_log_stays_text()
    {
        var files = SourceRepository.Files(("Dockerfile", "FROM node:20-alpine\nRUN echo '<img src=x onerror=\"window.hacked=1\"><b>bold</b>' && false\n"));
        await using var app = await platform.CreateAppAsync(files, "Markup");
        var failed = await app.PushAsync();

        await using var tab = await browser.OpenAsync();
        await tab.SignInAsync(platform);
        await tab.Page.GotoAsync(new Uri(platform.Url, $"deployments/{failed.Id}").ToString());
        await Expect(tab.Page.Locator(".row .text").GetByText("<img src=x onerror=\"window.hacked=1\"><b>bold</b>", new() { Exact = true }).First).ToBeVisibleAsync();
        (await tab.Page.Locator(".row img, .row b").CountAsync()).Should().Be(0);
        (await tab.Page.EvaluateAsync<bool>("window.hacked === undefined")).Should().BeTrue();
    }

    [Fact]
    public async Task A_line_s_address_opens_the_log_at_that_line_whatever_its_length()
    {
        const int lines = 30_000;
        var files = SourceRepository.Files(("Dockerfile", $"FROM node:20-alpine\nRUN i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo \"counted $i\"; done; false\n"));
        await using var app = await platform.CreateAppAsync(files, "Long log");
        var failed = await app.PushAsync();
        var log = await app.LogAsync(failed.Id);
        var wanted = Array.FindIndex(log, line => line.EndsWith("counted 12345", StringComparison.Ordinal)) + 1;

        await using var tab = await browser.OpenAsync();
        await tab.SignInAsync(platform);
        await tab.Page.GotoAsync(new Uri(platform.Url, $"deployments/{failed.Id}#L{wanted}").ToString());
        await Expect(tab.Page.Locator(".row.marked .text")).ToHaveTextAsync("counted 12345");
        (await tab.Page.Locator(".row").CountAsync()).Should().BeLessThan(200, "only what is on screen is in the document");

        await tab.Page.GetByLabel("Search the log").FillAsync("counted 29876");
        await Expect(tab.Page.Locator(".row.marked .text")).ToHaveTextAsync("counted 29876");
        await Expect(tab.Page.Locator(".row.marked mark")).ToHaveTextAsync("counted 29876");
        tab.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task A_part_of_the_page_that_does_not_arrive_is_asked_for_again()
    {
        await using var tab = await browser.OpenAsync();
        var refused = 0;
        await tab.Page.RouteAsync("**/pages/sign-in.js", route => ++refused <= 2 ? route.AbortAsync() : route.ContinueAsync());
        await tab.SignInAsync(platform);
        refused.Should().BeGreaterThan(2);
        tab.Errors.Should().BeEmpty();
    }

    /// <summary>Serves once it is built, which takes long enough to be looked at, also where its layers could be cached.</summary>
    private static Dictionary<string, byte[]> UnhurriedServer() => new(SourceRepository.Sample("node-server"))
    {
        ["Dockerfile"] = System.Text.Encoding.UTF8.GetBytes(
            $"FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN echo {Guid.NewGuid():N} && sleep 75\nUSER 1000\nCMD [\"node\", \"server.js\"]\n"),
    };

    /// <summary>So few lines that all of them are in the document, wherever its reader is.</summary>
    private static Dictionary<string, byte[]> SlowBuild() => SourceRepository.Files(
        ("Dockerfile", "FROM node:20-alpine\nRUN i=0; while [ $i -lt 16 ]; do i=$((i+1)); echo \"tick $i\"; sleep 4; done; sleep 600\n"));
}
