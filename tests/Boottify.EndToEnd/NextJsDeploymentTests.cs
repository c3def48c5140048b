using System.Diagnostics;

namespace Boottify.EndToEnd;

public sealed class NextJsDeploymentTests(Platform platform, ITestOutputHelper output)
{
    private const long MostBytes = 150_000_000;

    [Fact]
    public async Task A_push_of_a_Next_js_app_is_answered_over_verified_HTTPS_from_an_image_of_less_than_150_MB()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("nextjs"), "Next.js");
        var took = Stopwatch.StartNew();
        var ended = await app.PushAsync();
        took.Stop();
        // Packages come from outside of this machine: what npm said is told, and it is asked once more.
        if (ended.Error?.Contains("npm ci", StringComparison.Ordinal) == true)
        {
            output.WriteLine(string.Join('\n', await app.LogAsync(ended.Id)));
            took.Restart();
            ended = await app.EndOfAsync(await app.RequestAsync("deployments", new { force = true }));
            took.Stop();
        }

        ended.Status.Should().Be("succeeded", ended.Error);
        ended.Steps.Should().OnlyContain(step => step.Status == "succeeded").And.HaveCount(7);
        foreach (var step in ended.Steps)
            output.WriteLine($"{step.Name,-10} {(step.FinishedAt - step.StartedAt)?.TotalSeconds,7:0.0} s");
        output.WriteLine($"{"in all",-10} {took.Elapsed.TotalSeconds,7:0.0} s");
        output.WriteLine($"image      {ended.Image?.SizeBytes / 1e6,7:0.0} MB");

        ended.Image!.SizeBytes.Should().BeInRange(1, MostBytes);
        (await CommandLine.DockerAsync("image", "inspect", "--format", "{{.Size}}", ended.Image.Reference!))
            .Should().Be($"{ended.Image.SizeBytes}", "the engine itself says so");
        (await app.GetStringAsync()).Should().Contain("Deployed by Boottify").And.Contain(app.Source.Head[..12]);
        (await app.GetStringAsync("/api/health")).Should().Contain("ok");
    }
}
