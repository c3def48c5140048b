using Boottify.Apps;
using Boottify.Builds;
using Boottify.Dns;
using Boottify.Dns.DynamicUpdate;
using DnsClient;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Dns;

/// <summary>What holds with every name server that takes dynamic updates.</summary>
public abstract class DynamicUpdateTests(OwnNameServer server) : IDisposable
{
    private readonly List<ServiceProvider> providers = [];
    private readonly string host = NewHost();

    private protected string Host => host;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_published_host_is_answered_and_listed_when_the_call_returns()
    {
        var zone = Zone();
        await zone.PublishAsync(host, "127.0.0.1", Cancellation);
        (await server.LookUpAsync(host, QueryType.A)).Should().Equal("127.0.0.1");
        (await zone.ListAsync(Cancellation)).Should().ContainSingle(record => record.Host == host).Which.Addresses.Should().Equal("127.0.0.1");
    }

    [Fact]
    public async Task It_takes_the_place_of_all_other_addresses_and_of_no_other_record()
    {
        await server.AddAsync(host, "A", "127.0.0.8");
        await server.AddAsync(host, "A", "127.0.0.9");
        await server.AddAsync(host, "AAAA", "2001:db8::9");
        await server.AddAsync(host, "TXT", "\"somebody's\"");
        var zone = Zone();
        (await zone.ListAsync(Cancellation)).Single(record => record.Host == host).Addresses.Should().BeEquivalentTo("127.0.0.8", "127.0.0.9", "2001:db8::9");
        for (var again = 0; again < 2; again++)
        {
            await zone.PublishAsync(host, "127.0.0.2", Cancellation);
            (await server.LookUpAsync(host, QueryType.A)).Should().Equal("127.0.0.2");
            (await server.LookUpAsync(host, QueryType.AAAA)).Should().BeEmpty();
        }

        await zone.WithdrawAsync(host, Cancellation);
        (await server.LookUpAsync(host, QueryType.TXT)).Should().Equal("somebody's");
    }

    [Fact]
    public async Task Addresses_of_both_kinds_are_published_listed_changed_and_withdrawn_together()
    {
        var zone = Zone();
        await zone.PublishAsync(host, "127.0.0.2, 2001:db8::7, 127.0.0.1, ::1", Cancellation);
        (await server.LookUpAsync(host, QueryType.A)).Should().Equal("127.0.0.1", "127.0.0.2");
        (await server.LookUpAsync(host, QueryType.AAAA)).Should().Equal("2001:db8::7", "::1");
        (await zone.ListAsync(Cancellation)).Should().ContainSingle(record => record.Host == host).Which.Addresses.Should().BeEquivalentTo("127.0.0.1", "127.0.0.2", "2001:db8::7", "::1");

        await zone.PublishAsync(host, "127.0.0.2, 127.0.0.3, ::1", Cancellation);
        (await server.LookUpAsync(host, QueryType.A)).Should().Equal("127.0.0.2", "127.0.0.3");
        (await server.LookUpAsync(host, QueryType.AAAA)).Should().Equal("::1");

        await zone.PublishAsync(host, "2001:db8::7", Cancellation);
        (await server.LookUpAsync(host, QueryType.A)).Should().BeEmpty();
        (await zone.ListAsync(Cancellation)).Should().ContainSingle(record => record.Host == host).Which.Addresses.Should().Equal("2001:db8::7");

        await zone.WithdrawAsync(host, Cancellation);
        (await server.LookUpAsync(host, QueryType.AAAA)).Should().BeEmpty();
        (await zone.ListAsync(Cancellation)).Select(record => record.Host).Should().NotContain(host);
    }

    [Fact]
    public async Task A_name_is_not_published_without_an_address()
    {
        var zone = Zone();
        await zone.PublishAsync(host, "127.0.0.1", Cancellation);
        await FluentActions.Awaiting(() => zone.PublishAsync(host, [], Cancellation)).Should().ThrowAsync<ArgumentException>();
        (await server.LookUpAsync(host, QueryType.A)).Should().Equal("127.0.0.1");
    }

    [Fact]
    public async Task Withdrawing_removes_it_and_may_be_repeated()
    {
        var zone = Zone();
        await zone.PublishAsync(host, "127.0.0.1", Cancellation);
        await zone.WithdrawAsync(host, Cancellation);
        await zone.WithdrawAsync(host, Cancellation);
        (await server.LookUpAsync(host, QueryType.A)).Should().BeEmpty();
        (await zone.ListAsync(Cancellation)).Select(record => record.Host).Should().NotContain(host);
    }

    [Fact]
    public async Task Many_at_once_from_two_nodes_are_all_there_in_the_end_and_listed_over_several_messages()
    {
        var nodes = new[] { Zone(), Zone() };
        var hosts = Enumerable.Range(0, 24).Select(_ => NewHost()).ToList();
        await Task.WhenAll(hosts.Select((h, i) => nodes[i % 2].PublishAsync(h, "127.0.0.1", Cancellation)));
        (await nodes[0].ListAsync(Cancellation)).Select(record => record.Host).Should().Contain(hosts);
    }

    [Fact]
    public async Task A_key_that_may_not_write_the_zone_is_told_so() => await Refused(Zone(keyName: OwnNameServer.StrangerName), "*: REFUSED: the key stranger may not update*TSIG-ALLOW-DNSUPDATE*");

    [Fact]
    public async Task A_zone_that_the_server_does_not_have_is_told_so() =>
        (await FluentActions.Awaiting(() => Zone("nowhere.test").WithdrawAsync("shop.nowhere.test", Cancellation)).Should().ThrowAsync<ZoneRefusedException>())
            .WithMessage("*NOTAUTH: it is not the primary server of zone nowhere.test.*");

    [Fact]
    public async Task A_server_that_is_away_is_a_passing_fault() =>
        (await FluentActions.Awaiting(() => Zone(port: OwnNameServer.FreePort()).PublishAsync(host, "127.0.0.1", Cancellation)).Should().ThrowAsync<PassingFaultException>())
            .WithMessage("*BOOTTIFY_DNS_UPDATE_SERVER does not answer*");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_got_lost_or_is_SERVFAIL_is_asked_for_again(bool failing)
    {
        await using var link = new FaultyLink(server.Port, (before, answer) => before > 0 ? answer : failing ? [.. answer[..2], 0xa8, 2, 0, 0, 0, 0, 0, 0, 0, 0] : null);
        await Zone(port: link.Port).PublishAsync(host, "127.0.0.1", Cancellation);
        link.Count.Should().BeGreaterThan(1);
        (await server.LookUpAsync(host, QueryType.A)).Should().Equal("127.0.0.1");
    }

    [Fact]
    public async Task Who_does_not_want_it_any_more_does_not_wait_for_another_try()
    {
        using var enough = new CancellationTokenSource();
        await using var link = new FaultyLink(server.Port, (_, _) =>
        {
            enough.Cancel();
            return null;
        });
        await FluentActions.Awaiting(() => Zone(port: link.Port).PublishAsync(host, "127.0.0.1", enough.Token)).Should().ThrowAsync<OperationCanceledException>();
        link.Count.Should().Be(1);
    }

    [Fact]
    public async Task An_answer_to_something_else_is_refused()
    {
        await using var link = new FaultyLink(server.Port, (_, answer) => [(byte)(answer[0] ^ 1), .. answer[1..]]);
        await Refused(Zone(port: link.Port), "*no answer to what was asked*");
    }

    [Fact]
    public async Task An_answer_that_was_changed_on_the_way_is_refused()
    {
        await using var link = new FaultyLink(server.Port, (_, answer) => [.. answer[..3], (byte)(answer[3] ^ 0x20), .. answer[4..]]);
        await Refused(Zone(port: link.Port), "*not made with our key*");
    }

    [Fact]
    public async Task A_yes_without_a_signature_is_refused()
    {
        await using var link = new FaultyLink(server.Port, (_, answer) => [.. answer[..2], 0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        await Refused(Zone(port: link.Port), "*not signed*");
    }

    [Theory]
    [InlineData("example.com")]
    [InlineData("UPPER.apps.test")]
    [InlineData("apps.test")]
    public async Task A_name_outside_the_zone_is_refused(string other) =>
        await FluentActions.Awaiting(() => Zone().PublishAsync(other, "127.0.0.1", Cancellation)).Should().ThrowAsync<ArgumentException>();

    public void Dispose()
    {
        foreach (var provider in providers)
            provider.Dispose();
        GC.SuppressFinalize(this);
    }

    private static string NewHost() => $"test-{AppIds.New()}.{OwnNameServer.Zone}";

    private protected async Task RefusedTransfer(string words) =>
        (await FluentActions.Awaiting(() => Zone(OwnNameServer.ClosedZone).ListAsync(Cancellation)).Should().ThrowAsync<ZoneRefusedException>()).WithMessage(words);

    private protected async Task Refused(IDnsZone zone, string words) =>
        (await FluentActions.Awaiting(() => zone.PublishAsync(host, "127.0.0.1", Cancellation)).Should().ThrowAsync<ZoneRefusedException>()).WithMessage(words);

    private protected IDnsZone Zone(string name = OwnNameServer.Zone, int? port = null, string keyName = OwnNameServer.KeyName, string? key = null, TimeProvider? time = null)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["BOOTTIFY_DNS"] = $"127.0.0.1:{server.Port}",
            ["BOOTTIFY_DOMAIN"] = name,
            ["BOOTTIFY_DNS_UPDATE_SERVER"] = $"127.0.0.1:{port ?? server.Port}",
            ["BOOTTIFY_DNS_UPDATE_KEY_NAME"] = keyName,
            ["BOOTTIFY_DNS_UPDATE_KEY"] = key ?? server.Key,
        };
        var services = new ServiceCollection().AddSingleton(time ?? TimeProvider.System).AddLogging();
        providers.Add(services.AddDnsZone(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).BuildServiceProvider());
        return providers[^1].GetRequiredService<IDnsZone>();
    }
}
