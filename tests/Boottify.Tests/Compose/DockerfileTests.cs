namespace Boottify.Tests.Compose;

public class DockerfileTests
{
    private static readonly ComposeFile Compose = ComposeFile.Read();

    public static TheoryData<string> Dockerfiles => [.. Compose.Services.Values.Select(s => s.Dockerfile).OfType<string>().Distinct()];

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void What_it_copies_is_there_and_not_ignored(string dockerfile)
    {
        var ignored = File.ReadAllLines(Path.Combine(ComposeFile.Root, ".dockerignore")).Where(l => l.Length > 0 && l[0] is not '#').ToList();
        var sources = Lines(dockerfile).Where(l => l[0] == "COPY" && !l[1].StartsWith("--from", StringComparison.Ordinal)).SelectMany(l => l[1..^1]).ToList();
        sources.Should().NotBeEmpty();
        foreach (var source in sources)
        {
            Path.Exists(Path.Combine(ComposeFile.Root, source)).Should().BeTrue($"{dockerfile} copies {source}");
            ignored.Should().NotContain(i => source == i || source.StartsWith(i + "/", StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Dockerfiles))]
    public void It_starts_from_pinned_images(string dockerfile)
    {
        var stages = Lines(dockerfile).Where(l => l is ["FROM", _, "AS", _]).Select(l => l[3]).ToList();
        Lines(dockerfile).Where(l => l[0] == "FROM" && !stages.Contains(l[1])).Select(l => l[1])
            .Should().NotBeEmpty().And.OnlyContain(image => image.Contains(':') && char.IsDigit(image[image.LastIndexOf(':') + 1]));
    }

    [Theory]
    [InlineData("control-plane")]
    [InlineData("edge")]
    public void The_programs_do_not_run_as_root(string service) =>
        Lines(Compose.Services[service].Dockerfile!).Last(l => l[0] == "USER")[1].Should().Be("$APP_UID");

    [Fact]
    public void What_a_built_part_exposes_is_what_its_image_says()
    {
        foreach (var service in Compose.Services.Values.Where(s => s is { Dockerfile: not null, RunsOnce: false }))
        {
            var exposed = Stage(service).Where(l => l[0] == "EXPOSE").SelectMany(l => l[1..]).Where(p => !p.EndsWith("/udp", StringComparison.Ordinal)).Select(int.Parse);
            service.Listens.Should().BeSubsetOf(exposed, $"{service.Name} is built by {service.Dockerfile}");
        }
    }

    private static IEnumerable<string[]> Stage(ComposeService service) => service.Target is not { } target
        ? Lines(service.Dockerfile!)
        : Lines(service.Dockerfile!).SkipWhile(l => l is not ["FROM", _, "AS", var name] || name != target).Skip(1).TakeWhile(l => l[0] != "FROM");

    private static IEnumerable<string[]> Lines(string dockerfile) => File.ReadAllText(Path.Combine(ComposeFile.Root, dockerfile)).Replace("\\\n", "", StringComparison.Ordinal)
        .Split('\n').Where(l => l.Length > 0 && l[0] is not '#').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
