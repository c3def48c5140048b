using Boottify.Builds;

namespace Boottify.Tests.Builds;

public class GitWordsTests
{
    private const string One = "1111111111111111111111111111111111111111";
    private const string Two = "2222222222222222222222222222222222222222";

    [Theory]
    [InlineData("fatal: repository 'https://host.example/b/' not found", GitFaultKind.NoRepository, "*There is no repository at https://host.example/b, or it is private*")]
    [InlineData("fatal: could not read Username for 'https://host.example': terminal prompts disabled", GitFaultKind.Refused, "*set the app's repository token*")]
    [InlineData("fatal: unable to access 'https://host.example/b/': Could not resolve host: host.example", GitFaultKind.Passing, "*host name is not known*")]
    [InlineData("fatal: unable to access 'x': Failed to connect to host.example port 443: Connection refused", GitFaultKind.Passing, "*cannot be reached*")]
    [InlineData("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", GitFaultKind.Passing, "*cannot be reached*")]
    [InlineData("fatal: unable to access 'x': GnuTLS recv error (-110): The TLS connection was non-properly terminated.", GitFaultKind.Passing, "*cannot be reached*")]
    [InlineData("fatal: remote error: upload-pack: not our ref 1111", GitFaultKind.NoCommit, "*does not have that commit*")]
    [InlineData("error: Server does not allow request for unadvertised object 1111", GitFaultKind.NoCommit, "*does not have that commit*")]
    [InlineData("fatal: transport 'ext' not allowed", GitFaultKind.Other, "*protocol that is not allowed*")]
    [InlineData("fatal: unable to access 'https://host.example/b/': The requested URL returned error: 301", GitFaultKind.Other, "*redirects to another address*Use the address that it redirects to*")]
    [InlineData("error: unable to write file objects/4b: No space left on device\nfatal: unpack-objects failed", GitFaultKind.Other, "*No space left on device*")]
    [InlineData("fatal: something never seen", GitFaultKind.Other, "*something never seen*")]
    public void What_git_says_becomes_what_a_user_can_act_on(string said, object kind, string message)
    {
        var fault = GitFault.Of(Address(null), new GitResult(128, "", said));
        fault.Kind.Should().Be((GitFaultKind)kind);
        fault.Message.Should().Match(message);
    }

    [Fact]
    public void With_a_token_the_token_is_what_to_look_at() =>
        GitFault.Of(Address("t"), new GitResult(128, "", "fatal: Authentication failed for 'https://host.example/b/'")).Message.Should().Contain("refuses the app's token");

    [Theory]
    [InlineData("main", One)]
    [InlineData("v1", Two)]
    [InlineData("both", One)]
    [InlineData("refs/tags/both", Two)]
    [InlineData("refs/heads/main", One)]
    [InlineData("1111111", One)]
    [InlineData("111111", null)]
    [InlineData("mai", null)]
    [InlineData("*", null)]
    public void A_revision_is_a_branch_then_a_tag_then_the_start_of_a_commit(string revision, string? commit)
    {
        var references = GitRemote.References(
            $"{One}\trefs/heads/main\n{One}\trefs/heads/both\n{Two}\trefs/tags/both\n{One}\trefs/tags/v1\n{Two}\trefs/tags/v1^{{}}\nrubbish\n");
        GitRemote.Find(references, revision).Should().Be(commit);
    }

    private static RepositoryAddress Address(string? token) =>
        RepositoryAddress.Parse(new SourceRepository("https://host.example/b", token), allowLocal: false);
}
