using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Boottify.Tests.Compose;
using Boottify.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using YamlDotNet.Serialization;

namespace Boottify.Tests.Webhooks;

/// <summary>Runs the shell step of <c>ops/samples/boottify-workflow.yml</c> as GitHub's runner does.</summary>
public sealed class WorkflowTests : IAsyncLifetime
{
    private const string Secret = "a secret, with 'quotes' & $dollars";
    private const string Message = "Fix \"quotes\", $(touch /tmp/never) and ünïcode\n\nand a second line";

    private readonly List<(string? Signature, string Delivery, byte[] Body)> received = [];
    private readonly Queue<int> answers = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("boottify-workflow-");
    private WebApplication server = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.MapPost("/api/webhooks/deployment", async (HttpContext context) =>
        {
            received.Add((context.Request.Headers[WebhookSignature.Header], context.Request.Headers["X-GitHub-Delivery"].ToString(), await WebhookBody.ReadAsync(context.Request, WebhookBody.Small)));
            return Results.Text("{\"detail\":\"what Boottify said\"}", statusCode: answers.TryDequeue(out var code) ? code : 202);
        });
        await server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_it_sends_is_signed_as_the_webhook_expects_and_says_what_was_pushed()
    {
        var (code, output) = await RunAsync();

        code.Should().Be(0, output);
        var (signature, delivery, body) = received.Should().ContainSingle().Subject;
        WebhookSignature.Matches(signature, Secret, body).Should().BeTrue();
        delivery.Should().Be("77-1");
        WebhookBody.Parse<DeploymentWebhook>(body).Should().Be(new DeploymentWebhook(
            "k3x9", "https://github.com/acme/shop", "refs/heads/main", new string('a', 40), Message, "ann", null));
        output.Should().NotContain(Secret);
    }

    [Fact]
    public async Task It_tries_again_with_the_same_delivery_when_boottify_is_away_for_a_moment()
    {
        answers.Enqueue((int)HttpStatusCode.ServiceUnavailable);

        (await RunAsync()).Code.Should().Be(0);

        received.Should().HaveCount(2);
        received.Select(r => r.Delivery).Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task A_refusal_fails_the_run_and_shows_the_reason()
    {
        answers.Enqueue((int)HttpStatusCode.Unauthorized);

        var (code, output) = await RunAsync();

        code.Should().NotBe(0);
        output.Should().Contain("what Boottify said");
    }

    [Fact]
    public async Task A_secret_that_is_not_set_is_named_and_nothing_is_sent()
    {
        var (code, output) = await RunAsync(secret: "");

        code.Should().NotBe(0);
        output.Should().Contain("set the secret BOOTTIFY_SECRET");
        received.Should().BeEmpty();
    }

    private async Task<(int Code, string Output)> RunAsync(string secret = Secret)
    {
        var push = Path.Combine(folder.FullName, "event.json");
        await File.WriteAllTextAsync(push, JsonSerializer.Serialize(new { head_commit = new { message = Message } }), TestContext.Current.CancellationToken);
        var step = Path.Combine(folder.FullName, "step.sh");
        await File.WriteAllTextAsync(step, Step(), TestContext.Current.CancellationToken);

        var start = new ProcessStartInfo("bash", ["--noprofile", "--norc", "-eo", "pipefail", step]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["BOOTTIFY_URL"] = $"{server.Urls.First()}/api/webhooks/deployment",
            ["BOOTTIFY_APP"] = "k3x9",
            ["BOOTTIFY_SECRET"] = secret,
            ["GITHUB_SERVER_URL"] = "https://github.com",
            ["GITHUB_REPOSITORY"] = "acme/shop",
            ["GITHUB_REF"] = "refs/heads/main",
            ["GITHUB_SHA"] = new string('a', 40),
            ["GITHUB_ACTOR"] = "ann",
            ["GITHUB_RUN_ID"] = "77",
            ["GITHUB_RUN_ATTEMPT"] = "1",
            ["GITHUB_EVENT_PATH"] = push,
            ["TMPDIR"] = folder.FullName,
        })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    private static string Step()
    {
        var workflow = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(
            File.ReadAllText(Path.Combine(ComposeFile.Root, "ops/samples/boottify-workflow.yml")));
        var job = ComposeFile.Map(ComposeFile.Map(workflow["jobs"])["deploy"]);
        return (string)ComposeFile.Map(ComposeFile.List(job["steps"]).Single())["run"];
    }
}
