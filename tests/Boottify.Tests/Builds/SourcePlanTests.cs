using Boottify.Builds;
using Boottify.Deployments;

namespace Boottify.Tests.Builds;

public class SourcePlanTests
{
    public static TheoryData<string, string, string?> Choices { get; } = new()
    {
        // files, "name=text" separated by '|' → template, package manager
        { "Dockerfile=FROM x", "dockerfile", null },
        { """Dockerfile=FROM x|package.json={"dependencies":{"next":"1"}}""", "dockerfile", "npm" },
        { """package.json={"dependencies":{"next":"1"},"scripts":{"build":"next build","start":"next start"}}|package-lock.json={}""", "nextjs", "npm" },
        { """package.json={"devDependencies":{"next":"1"}}|pnpm-lock.yaml=lockfileVersion: '9.0'""", "nextjs", "pnpm" },
        { """package.json={"dependencies":{"next":"1"}}|next.config.mjs=export default { output: 'standalone' }|yarn.lock=# yarn lockfile v1""", "nextjs", "yarn" },
        { """package.json={"dependencies":{"next":"1"}}|next.config.ts=const c = { output: "export" }""", "static", "npm" },
        { """package.json={"scripts":{"start":"node server.js"}}""", "node", null },
        { """package.json={"main":"index.js"}|index.js=1""", "node", null },
        { """package.json={}|server.js=1""", "node", null },
        { """package.json={"main":"dist/index.js","scripts":{"build":"tsc"}}""", "node", null },
        { """package.json={"scripts":{"start":"vite","build":"vite build"},"devDependencies":{"vite":"1"}}|index.html=x""", "static", "npm" },
        { """package.json={"scripts":{"start":"react-scripts start","build":"react-scripts build"},"dependencies":{"react-scripts":"1"}}""", "static", "npm" },
        { """package.json={"scripts":{"build":"eleventy"},"devDependencies":{"@11ty/eleventy":"1"}}|yarn.lock=__metadata:""", "static", "yarn" },
        { """package.json={"main":"index.js","scripts":{"test":"x"}}|index.html=x""", "static", null },
        { "index.html=x", "static", null },
        { "public/index.html=x", "static", null },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void The_files_of_a_folder_decide_on_the_template(string files, string template, string? manager)
    {
        using var folder = Folder(files);
        Plan(folder).Public.Should().Be(new BuildPlan(template, manager));
    }

    [Theory]
    [InlineData("README.md=x")]
    [InlineData("""package.json={"name":"library","main":"index.js"}""")]
    [InlineData("""package.json={"main":"../../etc/passwd"}""")]
    public void A_folder_without_anything_to_build_is_refused_with_what_would_be(string files)
    {
        using var folder = Folder(files);
        FluentActions.Invoking(() => Plan(folder)).Should().Throw<StepException>().WithMessage("*Add a Dockerfile, a package.json with a start script, or an index.html*");
    }

    [Theory]
    [InlineData("node server.js", "node server.js")]
    [InlineData("node --enable-source-maps dist/main.js", "node --enable-source-maps dist/main.js")]
    [InlineData("NODE_ENV=production node server.js", "npm start")]
    [InlineData("node a.js && node b.js", "npm start")]
    [InlineData("node 'x.js'; rm -rf /", "npm start")]
    [InlineData("next-thing", "npm start")]
    public void Node_is_the_first_process_whenever_the_start_script_is_a_plain_call_of_it(string script, string words)
    {
        using var folder = Folder("package.json=" + System.Text.Json.JsonSerializer.Serialize(new { scripts = new { start = script } }));
        Plan(folder).Start.Should().Equal(words.Split(' '));
    }

    [Fact]
    public void A_malformed_package_json_is_shown_with_its_place()
    {
        using var folder = Folder("package.json={\n  \"name\": oops\n}");
        FluentActions.Invoking(() => Plan(folder)).Should().Throw<StepException>().WithMessage("package.json is not valid JSON, line 2, column *");
    }

    [Fact]
    public void No_link_out_of_the_repository_is_followed()
    {
        using var folder = new TemporaryFolder().WithLink("package.json", "/etc/hostname").WithLink("out", "/etc");
        FluentActions.Invoking(() => Plan(folder)).Should().Throw<StepException>().WithMessage("package.json is a symbolic link*");
        FluentActions.Invoking(() => SourceFolder.Open(folder.Path, "out")).Should().Throw<StepException>().WithMessage("*is a symbolic link*");
    }

    [Theory]
    [InlineData("../..")]
    [InlineData("a/../../b")]
    [InlineData("..\\x")]
    public void No_folder_outside_of_the_repository_is_built(string directory)
    {
        using var folder = new TemporaryFolder().With("a/x");
        FluentActions.Invoking(() => SourceFolder.Open(folder.Path, directory)).Should().Throw<StepException>().WithMessage("*leads out of the repository*");
    }

    [Fact]
    public void A_missing_folder_is_named_with_those_that_are_there()
    {
        using var folder = new TemporaryFolder().With("web/x").With("api/x").With(".github/x");
        FluentActions.Invoking(() => SourceFolder.Open(folder.Path, "wbe")).Should().Throw<StepException>()
            .WithMessage("The commit has no folder 'wbe'. Its folders are api, web.");
    }

    internal static TemporaryFolder Folder(string files)
    {
        var folder = new TemporaryFolder();
        foreach (var file in files.Split('|'))
            folder.With(file[..file.IndexOf('=', StringComparison.Ordinal)], file[(file.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        return folder;
    }

    internal static SourcePlan Plan(TemporaryFolder folder) => SourcePlan.Of(SourceFolder.Open(folder.Path, ""));
}
