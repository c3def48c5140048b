using System.Net;
using System.Net.Sockets;
using Boottify.Builds;
using Boottify.Deployments;

namespace Boottify.Tests.Builds;

public class GitServersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://127.0.0.1:7080/x.git")]
    [InlineData("http://127.1/x.git")]
    [InlineData("http://2130706433/x.git")]
    [InlineData("http://0x7f.1/x.git")]
    [InlineData("http://0177.0.0.1/x.git")]
    [InlineData("http://127.0.0.1./x.git")]
    [InlineData("http://0/x.git")]
    [InlineData("http://0.0.0.0/x.git")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("https://10.96.0.1/x.git")]
    [InlineData("https://172.16.0.1/x.git")]
    [InlineData("https://192.168.1.1/x.git")]
    [InlineData("https://100.64.0.1/x.git")]
    [InlineData("https://224.0.0.1/x.git")]
    [InlineData("http://[::1]:7080/x.git")]
    [InlineData("http://[::]/x.git")]
    [InlineData("http://[::ffff:127.0.0.1]/x.git")]
    [InlineData("http://[::ffff:7f00:1]/x.git")]
    [InlineData("http://[fe80::1]/x.git")]
    [InlineData("http://[fd00::1]/x.git")]
    [InlineData("http://[64:ff9b::7f00:1]/x.git")]
    [InlineData("http://localhost:7080/x.git")]
    [InlineData("http://LOCALHOST./x.git")]
    [InlineData("http://shop.boottify.localhost/x.git")]
    public async Task What_is_written_out_as_no_public_address_is_refused_when_it_is_set_and_when_it_is_fetched(string url)
    {
        var servers = Servers("", host => host.EndsWith("localhost", StringComparison.Ordinal) ? [IPAddress.Loopback] : []);
        servers.Refusal(url).Should().StartWith("\"repository.url\" leads to ").And.Contain("BOOTTIFY_GIT_PRIVATE_SERVERS");
        await FluentActions.Awaiting(() => servers.FindAsync(Address(url), Token)).Should().ThrowAsync<StepException>().WithMessage("*is not fetched*BOOTTIFY_GIT_PRIVATE_SERVERS*");
    }

    [Theory]
    [InlineData("https://8.8.8.8/x.git")]
    [InlineData("https://[2606:4700::1]/x.git")]
    public async Task A_public_address_is_taken_without_looking_anything_up(string url)
    {
        var servers = Servers("", _ => throw new InvalidOperationException("It was looked up."));
        servers.Refusal(url).Should().BeNull();
        (await servers.FindAsync(Address(url), Token))!.Addresses.Should().ContainSingle();
    }

    [Theory]
    [InlineData("https://git.example.test/x.git")]
    [InlineData("not an address")]
    public void Nothing_is_said_of_a_name_before_it_is_looked_up(string url) => Servers("", _ => [IPAddress.Loopback]).Refusal(url).Should().BeNull();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("10.96.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("fe80::1%2")]
    public async Task A_name_that_leads_into_a_private_network_is_refused_and_not_told_where_to(string address)
    {
        var servers = Servers("", _ => [IPAddress.Parse(address)]);
        var refused = await FluentActions.Awaiting(() => servers.FindAsync(Address("https://git.example.test/x.git"), Token)).Should().ThrowAsync<StepException>();
        refused.Which.Message.Should().Contain("https://git.example.test/x.git").And.NotContain(address);
    }

    [Fact]
    public async Task Of_several_addresses_git_is_held_to_those_that_are_allowed()
    {
        IPAddress[] found = [IPAddress.Loopback, IPAddress.Parse("8.8.8.8"), IPAddress.Parse("2606:4700::1"), IPAddress.Parse("10.0.0.1")];
        var address = await Servers("", _ => found).FindAsync(Address("https://git.example.test/x.git"), Token);
        address!.Addresses.Should().Equal(found[1], found[2]);
        new Git(BuildSettingsTests.Valid()).Environment(address).Values.Should().Contain("git.example.test:443:8.8.8.8,[2606:4700::1]");
    }

    [Theory]
    [InlineData("127.0.0.1:8418", "http://127.0.0.1:8418/x.git", true)]
    [InlineData("127.0.0.1:8418", "http://127.0.0.1:7080/x.git", false)]
    [InlineData("127.0.0.1:8418", "http://localhost:8418/x.git", true)]
    [InlineData("localhost", "http://localhost:8418/x.git", true)]
    [InlineData("::1", "http://[::1]/x.git", true)]
    [InlineData("10.0.0.0/8", "http://10.1.2.3/x.git", true)]
    [InlineData("git.internal", "http://git.internal/x.git", true)]
    [InlineData("git.internal", "http://other.internal/x.git", false)]
    public async Task What_an_operator_has_named_is_fetched(string setting, string url, bool allowed)
    {
        var servers = Servers(setting, host => [host == "localhost" ? IPAddress.Loopback : IPAddress.Parse("10.1.2.3")]);
        var find = () => servers.FindAsync(Address(url), Token);
        if (allowed)
        {
            servers.Refusal(url).Should().BeNull();
            (await find())!.Addresses.Should().ContainSingle();
        }
        else
        {
            await find.Should().ThrowAsync<StepException>();
        }
    }

    [Fact]
    public async Task A_name_that_is_not_known_is_not_left_to_git()
    {
        var address = Address("https://git.example.test/x.git");
        (await Servers("", _ => []).FindAsync(address, Token)).Should().BeNull();
        (await Servers("", _ => throw new SocketException((int)SocketError.HostNotFound)).FindAsync(address, Token)).Should().BeNull();
        FluentActions.Invoking(() => new Git(BuildSettingsTests.Valid()).Environment(address)).Should().Throw<InvalidOperationException>("nobody has looked where it leads to");
    }

    private static GitServers Servers(string setting, Func<string, IPAddress[]> lookup) =>
        new(BuildSettingsTests.Of(("BOOTTIFY_GIT_PRIVATE_SERVERS", setting)), async (host, _) =>
        {
            await Task.Yield();
            return lookup(host);
        });

    private static RepositoryAddress Address(string url) => RepositoryAddress.Parse(new SourceRepository(url, null), allowLocal: false);
}
