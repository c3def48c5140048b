using System.Net;
using System.Text.RegularExpressions;
using Boottify.Dashboard;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Boottify.IntegrationTests;

/// <summary>The page's files as a server sends them; what they do is tested in a browser, end to end.</summary>
public sealed class DashboardPageTests : IAsyncLifetime
{
    private readonly WebApplication host;
    private readonly HttpClient client = new();

    public DashboardPageTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        host = builder.Build();
        host.MapDashboard();
    }

    public async ValueTask InitializeAsync()
    {
        await host.StartAsync(TestContext.Current.CancellationToken);
        client.BaseAddress = new Uri(host.Urls.Single());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/apps/k1234567")]
    [InlineData("/deployments/d0000000000abcdefgh")]
    public async Task Every_address_of_the_page_serves_it_with_a_policy_that_lets_nothing_foreign_run(string address)
    {
        using var response = await GetAsync(address);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        policy.Should().Contain("default-src 'none'").And.Contain("trusted-types 'none'").And.NotContain("unsafe").And.NotContain("http");
        response.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
        response.Headers.CacheControl!.NoCache.Should().BeTrue();
    }

    [Fact]
    public async Task The_page_names_only_files_that_are_there_and_none_of_another_host()
    {
        var document = await client.GetStringAsync("/", TestContext.Current.CancellationToken);
        document.Should().NotContain("VERSION").And.NotContain("//cdn").And.NotContain("style=").And.NotMatchRegex("<script(?![^>]*src=)");
        var files = Found(document, "(?:href|src)=\"(/[^\"]+)\"");
        files.Should().HaveCountGreaterThan(10);
        foreach (var file in files)
        {
            using var response = await GetAsync(file);
            response.StatusCode.Should().Be(HttpStatusCode.OK, file);
            response.Headers.CacheControl!.ToString().Should().Contain("immutable");
        }
    }

    [Fact]
    public async Task Every_module_that_one_imports_is_served()
    {
        var document = await client.GetStringAsync("/", TestContext.Current.CancellationToken);
        foreach (var module in Found(document, "modulepreload\" href=\"([^\"]+)\""))
        {
            var text = await client.GetStringAsync(module, TestContext.Current.CancellationToken);
            foreach (var import in Found(text, "from ?['\"](\\.[^'\"]+)['\"]"))
                document.Should().Contain($"\"{new Uri(new Uri(client.BaseAddress!, module), import).AbsolutePath}\"", $"{module} imports {import}");
        }
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        using var first = await GetAsync("/");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        using var second = await client.SendAsync(request, TestContext.Current.CancellationToken);
        second.StatusCode.Should().Be(HttpStatusCode.NotModified);
        (await second.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_compressed_answer_unpacks_to_the_plain_one()
    {
        using var zipping = new HttpClient(new HttpClientHandler { AutomaticDecompression = DecompressionMethods.GZip }) { BaseAddress = client.BaseAddress };
        (await zipping.GetStringAsync("/", TestContext.Current.CancellationToken))
            .Should().Be(await client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_file_of_another_version_is_served_but_not_kept_since_nodes_are_upgraded_one_by_one()
    {
        using var response = await GetAsync("/assets/0123456789abcdef/main.js");
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Headers.CacheControl!.NoCache.Should().BeTrue();
    }

    [Theory]
    [InlineData("/assets/x/nothing.js")]
    [InlineData("/assets/x/index.html")]
    [InlineData("/assets/x/..%2f..%2fappsettings.json")]
    [InlineData("/somewhere/else")]
    public async Task What_is_no_file_of_the_page_is_not_found(string address)
    {
        using var response = await GetAsync(address);
        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
    }

    private static string[] Found(string text, string pattern) =>
        [.. Regex.Matches(text, pattern, RegexOptions.NonBacktracking).Select(match => match.Groups[1].Value)];

    private Task<HttpResponseMessage> GetAsync(string address) => client.GetAsync(address, TestContext.Current.CancellationToken);
}
