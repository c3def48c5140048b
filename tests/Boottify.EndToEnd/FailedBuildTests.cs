namespace Boottify.EndToEnd;

public sealed class FailedBuildTests(Platform platform)
{
    [Fact]
    public async Task A_build_that_fails_says_why_and_keeps_its_whole_log()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("broken-build"), "Broken build");
        var failed = await app.PushAsync();
        failed.Status.Should().Be("failed");
        failed.Error.Should().Contain("build").And.Contain("exit code 3").And.Contain("log", "that is where to look next");
        failed.Steps.Single(step => step.Name == "build").Status.Should().Be("failed");
        failed.Release.Should().BeNull();

        var lines = await app.LinesAsync(failed.Id);
        lines.Select(line => line.N).Should().Equal(Enumerable.Range(1, lines.Count).Select(n => (long)n));
        var texts = lines.Select(line => line.Text).ToArray();
        foreach (var word in new[] { "out", "err" })
            Attempts.Last(texts.Where(text => text.StartsWith($"{word} ", StringComparison.Ordinal)), $"{word} 1 of 200").Should().Equal(Numbered(word));
        lines.Where(line => line.Text.StartsWith("err ", StringComparison.Ordinal)).Should().OnlyContain(line => line.Stream == "stderr");

        (await app.LinesAsync(failed.Id, limit: 50)).Should().Equal(lines, "pages add up to the whole");
        var whole = await app.LogAsync(failed.Id);
        whole.Should().HaveCount(lines.Count);
        whole.Zip(texts).Should().OnlyContain(pair => pair.First.EndsWith(pair.Second, StringComparison.Ordinal), "logs.txt is the same log");
        (await app.LinesAsync(failed.Id, search: "ERR 137 of")).Select(line => line.Text).Should().Equal(texts.Where(text => text == "err 137 of 200")).And.NotBeEmpty();
    }

    private static IEnumerable<string> Numbered(string word) => Enumerable.Range(1, 200).Select(n => $"{word} {n} of 200");
}
