using System.Net;
using System.Text;
using Boottify.Builds;
using Boottify.Deployments;

namespace Boottify.Tests.Builds;

public class RepositoryAddressTests
{
    private const string Token = "ghp_S3cr3t/+=";

    [Theory]
    [InlineData("https://host.example/a/b.git", "https://host.example/a/b.git", "https://host.example")]
    [InlineData("https://user:pa55word@host.example:8443/b.git", "https://host.example:8443/b.git", "https://host.example:8443")]
    [InlineData("https://HOST.example.:443/b", "https://host.example/b", "https://host.example")]
    [InlineData("http://0x7f.1./b", "http://127.0.0.1/b", "http://127.0.0.1")]
    [InlineData("http://[::1]:80/b", "http://[::1]/b", "http://[::1]")]
    [InlineData("https://bücher.example/b", "https://xn--bcher-kva.example/b", "https://xn--bcher-kva.example")]
    [InlineData("  http://host.example/b ", "http://host.example/b", "http://host.example")]
    public void User_and_password_are_taken_out_of_the_address(string url, string shown, string origin)
    {
        var address = RepositoryAddress.Parse(new SourceRepository(url, null), allowLocal: false);
        address.ToString().Should().Be(shown);
        address.Origin.Should().Be(origin);
    }

    [Theory]
    [InlineData("token", "x-access-token", "token")]
    [InlineData("robot:pa:ss", "robot", "pa:ss")]
    public void A_token_may_bring_its_user(string token, string user, string password)
    {
        var address = RepositoryAddress.Parse(new SourceRepository("https://host.example/b", token), allowLocal: false);
        (address.User, address.Password).Should().Be((user, password));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--upload-pack=touch /tmp/x")]
    [InlineData("-oProxyCommand=x")]
    [InlineData("ext::sh -c id")]
    [InlineData("ssh://git@host.example/a/b.git")]
    [InlineData("git@host.example:a/b.git")]
    [InlineData("git://host.example/b")]
    [InlineData("https://")]
    [InlineData("https://host..example/b")]
    [InlineData("https://-host.example/b")]
    [InlineData("https://host.example/a\nb")]
    [InlineData("https://host.example/a?x=1")]
    [InlineData("/srv/git/x.git")]
    [InlineData("file:///srv/git/x.git")]
    [InlineData("relative/path")]
    public void Anything_else_is_refused_with_what_to_use(string url) =>
        FluentActions.Invoking(() => RepositoryAddress.Parse(new SourceRepository(url, null), allowLocal: false))
            .Should().Throw<StepException>().WithMessage("*http*");

    [Fact]
    public void A_folder_is_taken_only_where_an_operator_allows_it() =>
        RepositoryAddress.Parse(new SourceRepository("file:///srv/git/x.git", null), allowLocal: true).Url.Should().Be("/srv/git/x.git");

    [Fact]
    public void A_refused_address_shows_no_password() =>
        FluentActions.Invoking(() => RepositoryAddress.Parse(new SourceRepository("ssh://me:hunter22@host.example/b", null), allowLocal: false))
            .Should().Throw<StepException>().Which.Message.Should().NotContain("hunter22").And.Contain("ssh://***@host.example/b");

    [Fact]
    public void No_form_of_a_secret_gets_through()
    {
        var redactor = RepositoryAddress.Parse(new SourceRepository("https://host.example/b", Token), allowLocal: false).Redactor;
        var said = string.Join('\n', $"plain {Token}", $"url {Uri.EscapeDataString(Token)}", $"basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("x-access-token:" + Token))}", "fatal: https://a:b@host.example/x");
        redactor.Clean(said).Should().Be("plain ***\nurl ***\nbasic ***\nfatal: https://***@host.example/x");
    }

    [Fact]
    public void Git_gets_a_token_for_its_own_server_alone_and_by_no_argument_or_file()
    {
        var remote = RepositoryAddress.Parse(new SourceRepository("https://host.example:8443/b", Token), allowLocal: false).At([IPAddress.Parse("8.8.8.8")]);
        var variables = new Git(BuildSettingsTests.Valid()).Environment(remote);

        variables.Where(v => v.Value?.Contains(Token, StringComparison.Ordinal) == true).Select(v => v.Key).Should().Equal("BOOTTIFY_GIT_PASSWORD");
        variables.Values.Should().Contain("credential.https://host.example:8443.helper");
        variables["GIT_TERMINAL_PROMPT"].Should().Be("0");
        variables["GIT_ALLOW_PROTOCOL"].Should().Be("http:https");
        variables.Values.Should().ContainInConsecutiveOrder("http.curloptResolve", "host.example:8443:8.8.8.8").And.ContainInConsecutiveOrder("http.followRedirects", "false");
    }

    [Fact]
    public void Without_a_repository_git_reaches_no_server() =>
        new Git(BuildSettingsTests.Valid()).Environment(null)["GIT_ALLOW_PROTOCOL"].Should().Be("none");

    [Fact]
    public void Git_sees_nothing_of_the_platforms_own_environment()
    {
        System.Environment.SetEnvironmentVariable("BOOTTIFY_TEST_SECRET", "x");
        new Git(BuildSettingsTests.Valid()).Environment(null).Should().ContainKey("BOOTTIFY_TEST_SECRET").WhoseValue.Should().BeNull("null takes a variable away");
    }
}
