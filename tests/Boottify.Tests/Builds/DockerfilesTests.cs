using Boottify.Builds;

namespace Boottify.Tests.Builds;

public class DockerfilesTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData("""package.json={"dependencies":{"next":"1"}}|package-lock.json={}""", 3)]
    [InlineData("""package.json={"scripts":{"start":"node x.js","build":"tsc"},"devDependencies":{"typescript":"1"}}|pnpm-lock.yaml=lockfileVersion: '9.0'""", 2)]
    [InlineData("index.html=x", 3)]
    public void Every_template_has_stages_and_ends_as_a_user_who_is_not_root(string files, int stages)
    {
        var text = Of(files);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Count(line => line.StartsWith("FROM base/image:1", StringComparison.Ordinal) || line.StartsWith("FROM dependencies", StringComparison.Ordinal)).Should().Be(stages);
        lines.Should().Contain("USER 1000:1000");
        lines.Last().Should().Be($"ENV BOOTTIFY_COMMIT={Commit}", "what changes with each commit comes after all that is cached");
        lines.Should().ContainSingle(line => line.Contains("HOSTNAME=0.0.0.0", StringComparison.Ordinal)).Which.Should().Contain("PORT=8123");
        text.Should().NotContain("--mount").And.NotContain("<<").And.NotContain("{{").And.NotContain("{%");
        lines.Should().OnlyContain(line => line.Split(' ')[0].All(char.IsAsciiLetterUpper), "each line is one instruction");
    }

    [Fact]
    public void Only_what_installing_reads_is_copied_before_it()
    {
        var text = Of("""package.json={"scripts":{"start":"node x.js"},"dependencies":{"ms":"1"}}|yarn.lock=__metadata:|.yarnrc.yml=x|.yarn/releases/yarn.cjs=x|src/a.js=x""");
        text.Should().Contain("COPY package.json yarn.lock .yarnrc.yml ./\nCOPY .yarn ./.yarn/\nRUN yarn workspaces focus --production");
        text.IndexOf("COPY . .", StringComparison.Ordinal).Should().BeGreaterThan(text.IndexOf("RUN yarn", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""package.json={"scripts":{"start":"node x.js","postinstall":"prisma generate"},"dependencies":{"ms":"1"}}|package-lock.json={}""")]
    [InlineData("""package.json={"scripts":{"start":"node x.js"},"dependencies":{"own":"file:./own"}}|package-lock.json={}""")]
    [InlineData("""package.json={"scripts":{"start":"node x.js"},"workspaces":["packages/*"]}|package-lock.json={}""")]
    public void Everything_is_copied_before_an_install_that_reads_more_than_the_manifest(string files)
    {
        var text = Of(files);
        text.IndexOf("COPY . .", StringComparison.Ordinal).Should().BeInRange(0, text.IndexOf("RUN npm ci", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""package.json={"scripts":{"build":"vite build"},"devDependencies":{"vite":"1"}}""", "SINGLE_PAGE=true")]
    [InlineData("""package.json={"scripts":{"build":"astro build"},"dependencies":{"astro":"1","vite":"1"}}""", "SINGLE_PAGE=false")]
    [InlineData("index.html=x", "SINGLE_PAGE=false")]
    public void Only_sites_with_a_router_of_their_own_get_index_html_for_unknown_paths(string files, string setting) =>
        Of(files).Should().Contain(setting);

    [Fact]
    public void A_repository_with_a_Dockerfile_gets_no_file_of_ours()
    {
        using var folder = SourcePlanTests.Folder("Dockerfile=FROM x");
        Dockerfiles.For(SourcePlanTests.Plan(folder), SourceFolder.Open(folder.Path, ""), Request(), "base/image:1").Should().BeEmpty();
    }

    private static string Of(string files)
    {
        using var folder = SourcePlanTests.Folder(files);
        return Dockerfiles.For(SourcePlanTests.Plan(folder), SourceFolder.Open(folder.Path, ""), Request(), "base/image:1")[Dockerfiles.FileName];
    }

    private static BuildRequest Request() =>
        new("d0123456789", "k1234567", new SourceRepository("https://host.example/x.git", null), Commit, "", "apps/k1234567", 8123);
}
