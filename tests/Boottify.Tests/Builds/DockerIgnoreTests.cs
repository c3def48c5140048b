using Boottify.Builds;
using Boottify.Deployments;

namespace Boottify.Tests.Builds;

public class DockerIgnoreTests
{
    [Theory]
    [InlineData("node_modules", "node_modules", true)]
    [InlineData("node_modules", "node_modules/a/b.js", true)]
    [InlineData("node_modules", "packages/node_modules", false)]
    [InlineData("**/node_modules", "packages/a/node_modules/x", true)]
    [InlineData("**/node_modules", "node_modules", true)]
    [InlineData("/dist/", "dist/x", true)]
    [InlineData("./dist", "dist", true)]
    [InlineData("a/../dist", "dist", true)]
    [InlineData("*.md", "README.md", true)]
    [InlineData("*.md", "docs/README.md", false)]
    [InlineData("*/*.md", "docs/README.md", true)]
    [InlineData("**/*.md", "a/b/c.md", true)]
    [InlineData("docs/**", "docs/a/b", true)]
    [InlineData("docs/**", "docs", false)]
    [InlineData("docs/**/x", "docs/x", true)]
    [InlineData("docs/**/x", "docs/a/b/x", true)]
    [InlineData("temp?", "tempa", true)]
    [InlineData("temp?", "temp", false)]
    [InlineData("file[0-9]", "file7", true)]
    [InlineData("file[^0-9]", "file7", false)]
    [InlineData("file[^0-9]", "filex", true)]
    [InlineData("a.b", "axb", false)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "x", false)]
    [InlineData("# a comment", "# a comment", false)]
    [InlineData("*\n!keep", "keep", false)]
    [InlineData("*\n!keep", "keep/below", false)]
    [InlineData("*\n!keep\nkeep/secret", "keep/secret", true)]
    [InlineData("!keep\n*", "keep", true)]
    [InlineData("*.env\r\n", "x.env", true)]
    [InlineData("   spaced   ", "spaced", true)]
    [InlineData("", "anything", false)]
    [InlineData(".", "anything", false)]
    [InlineData("*", ".hidden", true)]
    public void Patterns_mean_what_Docker_says_they_mean(string text, string path, bool leftOut) =>
        new DockerIgnore(text).LeavesOut(path).Should().Be(leftOut);

    [Fact]
    public void What_is_always_left_out_cannot_be_taken_back() =>
        new DockerIgnore("!.git", ".git").LeavesOut(".git/config").Should().BeTrue();

    [Fact]
    public void A_malformed_pattern_is_named() =>
        FluentActions.Invoking(() => new DockerIgnore("x[z-a]")).Should().Throw<StepException>().WithMessage("*'x[z-a]'*");
}
