using System.Net;
using Boottify.Dns;
using Boottify.Domains;
using Boottify.IntegrationTests.Cluster;
using Boottify.Platform;
using DnsClient;

namespace Boottify.IntegrationTests.Domains;

/// <summary>What a zone's servers say, asked of the real PowerDNS.</summary>
public sealed class ZoneServersTests : IAsyncLifetime
{
    private const string Ours = "127.0.0.1";
    private const string AppHost = "shop-a1234567.boottify.localhost";

    private readonly FailingNameServer failing = new();
    private OwnZone zone = null!;
    private ZoneServers servers = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Www => $"www.{zone.Name}";

    public async ValueTask InitializeAsync()
    {
        zone = await OwnZone.CreateAsync(RealPlatform.Setting);
        servers = new ZoneServers(IPEndPoint.Parse(RealPlatform.Setting("BOOTTIFY_DNS")), failing.Port, privateServers: true);
    }

    public async ValueTask DisposeAsync()
    {
        await zone.DisposeAsync();
        await failing.DisposeAsync();
    }

    [Fact]
    public async Task A_name_that_does_not_exist_and_one_without_addresses_are_told_apart()
    {
        (await ReasonAsync(Www)).Should().Contain("does not exist").And.Contain("NXDOMAIN");
        await zone.SetAsync(Www, "TXT", "something else");
        (await ReasonAsync(Www)).Should().Contain("no address");
    }

    [Fact]
    public async Task Every_address_has_to_be_ours()
    {
        await zone.SetAsync(Www, "A", Ours);
        (await ReasonAsync(Www)).Should().BeNull();
        await zone.SetAsync(Www, "A", Ours, "192.0.2.1");
        (await ReasonAsync(Www)).Should().Contain("also to 192.0.2.1");
        await zone.SetAsync(Www, "A", "192.0.2.1");
        (await ReasonAsync(Www)).Should().Contain("192.0.2.1, which is not this platform");
        await zone.SetAsync(Www, "A", Ours);
        await zone.SetAsync(Www, "AAAA", "2001:db8::1");
        (await ReasonAsync(Www)).Should().Contain("AAAA record of 2001:db8::1");
    }

    [Fact]
    public async Task A_chain_of_aliases_is_followed_to_its_end()
    {
        await zone.SetAsync(Www, "CNAME", $"one.{zone.Name}");
        await zone.SetAsync($"one.{zone.Name}", "CNAME", AppHost);
        (await ReasonAsync(Www)).Should().BeNull();
        await zone.SetAsync($"one.{zone.Name}", "CNAME", $"two.{zone.Name}");
        (await ReasonAsync(Www)).Should().Contain($"CNAME to two.{zone.Name}, which does not exist");
        await zone.SetAsync($"two.{zone.Name}", "A", Ours);
        (await ReasonAsync(Www)).Should().BeNull();
        await zone.SetAsync($"two.{zone.Name}", "A");
        await zone.SetAsync($"two.{zone.Name}", "CNAME", Www);
        (await ReasonAsync(Www)).Should().Contain("SERVFAIL", "a server that sees the circle itself says so like this");
    }

    [Fact]
    public async Task A_zone_whose_servers_fail_one_whose_servers_are_silent_and_one_that_nobody_has_are_told_apart()
    {
        // Delegated to a server of the test's own, with its address as glue.
        await zone.SetAsync($"sub.{zone.Name}", "NS", $"ns.sub.{zone.Name}");
        await zone.SetAsync($"ns.sub.{zone.Name}", "A", "127.0.0.3");
        (await ReasonAsync($"www.sub.{zone.Name}")).Should().Contain("SERVFAIL").And.Contain("127.0.0.3");
        failing.Answers = false;
        (await ReasonAsync($"www.sub.{zone.Name}")).Should().Contain("do not answer").And.Contain("127.0.0.3");
        (await ReasonAsync($"www.nobody-{zone.Name}")).Should().Contain("REFUSED");

        failing.Answers = true;
        servers = new ZoneServers(IPEndPoint.Parse(RealPlatform.Setting("BOOTTIFY_DNS")), failing.Port, privateServers: false);
        (await ReasonAsync($"www.sub.{zone.Name}")).Should().Contain("do not answer").And.NotContain("127.0.0.3", "an owner may not have this machine's own addresses asked");
    }

    [Fact]
    public async Task Who_may_issue_is_said_by_the_closest_name_that_says_anything()
    {
        await zone.SetAsync(Www, "A", Ours);
        (await IssuersAsync()).Should().BeNull("nobody is forbidden anything");
        await zone.SetAsync(zone.Name, "CAA", "0 issue \"other.example\"");
        var trouble = await IssuersAsync();
        trouble!.Reason.Should().Contain($"CAA record of {zone.Name} allows other.example");
        await zone.SetAsync(trouble.Record!.Name, trouble.Record.Type, "0 issue \"other.example\"", trouble.Record.Value);
        (await IssuersAsync()).Should().BeNull("the record was set as it was told");
        await zone.SetAsync(Www, "CAA", "0 issue \";\"");
        (await IssuersAsync())!.Reason.Should().Contain($"CAA record of {Www} allows nobody");
    }

    [Fact]
    public async Task A_resolver_is_asked_for_the_zone_s_servers_alone_whatever_it_remembers_of_the_name()
    {
        var authority = IPEndPoint.Parse(RealPlatform.Setting("BOOTTIFY_DNS"));
        await using var resolver = new ForgetfulResolver(authority.Address);
        servers = new ZoneServers(resolver.Address, authority.Port, privateServers: true);
        await zone.SetAsync(Www, "A", Ours);
        (await ReasonAsync(Www)).Should().BeNull("the zone's own server has the address, though the resolver denies it");
        await zone.SetAsync(Www, "A", "192.0.2.1");
        (await ReasonAsync(Www)).Should().Contain("192.0.2.1");
        resolver.Asked.Should().Contain("A").And.Contain("NS");
    }

    [Fact]
    public async Task The_servers_of_an_alias_s_target_have_no_say_about_the_alias_and_no_alias_is_a_proof()
    {
        var authority = IPEndPoint.Parse(RealPlatform.Setting("BOOTTIFY_DNS"));
        var lapsed = $"lapsed-{zone.Name}";
        await using var resolver = new ForgetfulResolver(authority.Address) { Alias = (Www, lapsed) };
        servers = new ZoneServers(resolver.Address, authority.Port, privateServers: true);
        await zone.SetAsync(Www, "CNAME", lapsed);
        await zone.SetAsync($"_boottify.{Www}", "TXT", "the owner's");
        var answer = await servers.AskAsync($"_boottify.{Www}", QueryType.TXT, Token);
        answer.Should().BeEquivalentTo(new { Kind = AnswerKind.Found, Server = $"{authority}", Values = new[] { "the owner's" } });

        await zone.SetAsync($"proof.{zone.Name}", "TXT", "another's");
        await zone.SetAsync($"_boottify.one.{zone.Name}", "CNAME", $"proof.{zone.Name}");
        (await new Preflight(servers).ProofAsync($"_boottify.one.{zone.Name}", Token)).Kind.Should().Be(AnswerKind.Alias);
    }

    [Fact]
    public async Task A_text_of_several_parts_is_one_and_no_other_name_s_text_counts()
    {
        var name = $"_boottify.{Www}";
        (await servers.AskAsync(name, QueryType.TXT, Token)).Kind.Should().Be(AnswerKind.NoName);
        await zone.SetAsync(name, "TXT", "boottify-\" \"verification=abc", "v=spf1 -all");
        var answer = await servers.AskAsync(name.ToUpperInvariant(), QueryType.TXT, Token);
        answer.Values.Should().BeEquivalentTo("boottify-verification=abc", "v=spf1 -all");
    }

    private async Task<string?> ReasonAsync(string host) =>
        PreflightJudgement.OfPointing(await new Preflight(servers).PointingAsync(host, AppHost, Token), AppHost, EdgeAddresses.Parse(Ours))?.Reason;

    private async Task<Trouble?> IssuersAsync() =>
        PreflightJudgement.OfIssuers(Www, await new Preflight(servers).IssuerPolicyAsync(Www, Token), ["letsencrypt.org"]);
}
