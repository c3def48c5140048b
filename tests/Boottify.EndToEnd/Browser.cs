using System.Collections.Concurrent;
using Boottify.EndToEnd;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Browser))]

namespace Boottify.EndToEnd;

/// <summary>One Chromium for all tests of the page; each test gets a profile of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private static readonly string Program = Path.Combine(RepositoryRoot.Path, "tests/Boottify.EndToEnd/quiet-chromium");

    private readonly SemaphoreSlim starting = new(1, 1);
    private IPlaywright? playwright;
    private IBrowser? browser;

    // Tests without a page need no browser, so it starts with the first that asks.
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A page in a fresh profile. Whatever it reports on its console as an error is collected in <see cref="Tab.Errors"/>.</summary>
    public async Task<Tab> OpenAsync()
    {
        await starting.WaitAsync(Platform.Deadline());
        try
        {
            Assertions.SetDefaultExpectTimeout(60_000);
            playwright ??= await Playwright.CreateAsync();
            browser ??= await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Program, Args = Flags, Timeout = 180_000 });
        }
        finally
        {
            starting.Release();
        }

        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = ColorScheme.Dark,
            ViewportSize = new ViewportSize { Width = 1360, Height = 900 },
        });
        // Builds and rollouts of other tests run beside it on a small machine: slow is not wrong.
        context.SetDefaultTimeout(120_000);
        return new Tab(context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
        starting.Dispose();
    }
}

/// <summary>A page and what went wrong in it.</summary>
public sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext context;
    private readonly List<string> errors = [];
    private readonly ConcurrentQueue<string> lost = new();

    public Tab(IBrowserContext context, IPage page)
    {
        (this.context, Page) = (context, page);
        page.PageError += (_, error) => errors.Add(error);
        page.RequestFailed += (_, request) => lost.Enqueue($"{DateTime.UtcNow:HH:mm:ss} the browser lost {request.Url}: {request.Failure}");
        page.Console += (_, message) =>
        {
            // A refused request is reported by the browser itself; what the page makes of it is what tests look at.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                errors.Add(message.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>Uncaught exceptions and breaches of the content policy.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>Returns once the page has the token: a page that is opened before asks for it again.</summary>
    /// <param name="address">Of the platform, unless somebody stands in between.</param>
    public async Task SignInAsync(Platform platform, Uri? address = null)
    {
        await Page.GotoAsync((address ?? platform.Url).ToString());
        await Page.GetByLabel("Access token").FillAsync(platform.Token);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Apps", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Link, new() { Name = "Queue", Exact = true })).ToBeVisibleAsync();
    }

    public ValueTask DisposeAsync()
    {
        foreach (var request in lost)
            TestContext.Current.TestOutputHelper?.WriteLine(request);
        return context.DisposeAsync();
    }
}
