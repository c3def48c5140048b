using System.Net;
using Boottify.Builds;

namespace Boottify.Tests.Builds;

public class PrivateGitServersTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", 80, true)]
    [InlineData("127.0.0.1:8418", "127.0.0.1", 8418, true)]
    [InlineData("127.0.0.1:8418", "::ffff:127.0.0.1", 8418, true)]
    [InlineData("127.0.0.1:8418", "127.0.0.1", 7080, false)]
    [InlineData("127.0.0.1:8418", "127.0.0.2", 8418, false)]
    [InlineData("10.20.0.0/16", "10.20.255.1", 22, true)]
    [InlineData("10.20.0.0/16", "::ffff:10.20.0.1", 443, true)]
    [InlineData("10.20.0.1/16", "10.20.255.1", 443, true)]
    [InlineData("10.20.0.0/16", "10.21.0.1", 443, false)]
    [InlineData("::1", "::1", 80, true)]
    [InlineData("[::1]", "::1", 80, true)]
    [InlineData("[::1]:8418", "::1", 8418, true)]
    [InlineData("[::1]:8418", "::1", 80, false)]
    [InlineData("fd00:1::/32", "fd00:1::5", 443, true)]
    [InlineData("git.internal, 10.1.2.3 ,", "10.1.2.3", 443, true)]
    [InlineData("git.internal", "10.1.2.3", 443, false)]
    [InlineData("", "127.0.0.1", 80, false)]
    public void An_address_is_named_by_itself_or_by_its_network(string setting, string address, int port, bool named) =>
        Parse(setting).Names(IPAddress.Parse(address), port).Should().Be(named);

    [Theory]
    [InlineData("git:8418", "git", 8418, true)]
    [InlineData("git:8418", "git", 80, false)]
    [InlineData("Git.Internal.", "git.internal", 443, true)]
    [InlineData("git.internal", "internal", 443, false)]
    [InlineData("git.internal", "x.git.internal", 443, false)]
    public void A_host_is_named_with_a_port_or_for_all(string setting, string host, int port, bool named) =>
        Parse(setting).Names(host, port).Should().Be(named);

    [Theory]
    [InlineData("10.20.0.0/33")]
    [InlineData("10.1")]
    [InlineData("git:0")]
    [InlineData("git:65536")]
    [InlineData("git:ssh")]
    [InlineData("http://git.internal")]
    [InlineData("git.internal;10.0.0.0/8")]
    [InlineData("*")]
    [InlineData("[git]:80")]
    public void Anything_else_is_refused_as_a_whole(string setting) =>
        PrivateGitServers.TryParse($"127.0.0.1,{setting}", out _).Should().BeFalse();

    private static PrivateGitServers Parse(string setting) => PrivateGitServers.TryParse(setting, out var servers) ? servers : throw new FormatException(setting);
}
