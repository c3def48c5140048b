using System.Net;
using Boottify.Apps;
using Boottify.Dns;
using Boottify.IntegrationTests.Cluster;
using DnsClient;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.IntegrationTests.Dns;

public sealed class DnsZoneTests : IAsyncDisposable
{
    private readonly ServiceProvider services = RealPlatform.Services();
    private readonly List<string> made = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IDnsZone Zone => services.GetRequiredService<IDnsZone>();

    [Fact]
    public async Task A_published_host_is_answered_by_the_name_server_when_the_call_returns()
    {
        var host = NewHost();
        await Zone.PublishAsync(host, "127.0.0.1", Cancellation);
        (await LookUpAsync(host)).Should().Equal("127.0.0.1");
        (await Zone.ListAsync(Cancellation)).Select(record => record.Host).Should().Contain(host);
    }

    [Fact]
    public async Task Publishing_another_address_replaces_the_first_and_the_same_again_changes_nothing()
    {
        var host = NewHost();
        await Zone.PublishAsync(host, "127.0.0.1", Cancellation);
        await Zone.PublishAsync(host, "127.0.0.2", Cancellation);
        await Zone.PublishAsync(host, "127.0.0.2", Cancellation);
        (await LookUpAsync(host)).Should().Equal("127.0.0.2");
    }

    [Fact]
    public async Task Addresses_of_both_kinds_are_published_listed_changed_and_withdrawn_together()
    {
        var host = NewHost();
        await Zone.PublishAsync(host, "127.0.0.2, 2001:db8::7, 127.0.0.1, ::1", Cancellation);
        (await LookUpAsync(host)).Should().BeEquivalentTo("127.0.0.1", "127.0.0.2");
        (await LookUpAsync(host, QueryType.AAAA)).Should().BeEquivalentTo("2001:db8::7", "::1");
        (await Zone.ListAsync(Cancellation)).Should().ContainSingle(record => record.Host == host).Which.Addresses.Should().BeEquivalentTo("127.0.0.1", "127.0.0.2", "2001:db8::7", "::1");

        await Zone.PublishAsync(host, "2001:db8::7", Cancellation);
        (await LookUpAsync(host)).Should().BeEmpty();
        (await LookUpAsync(host, QueryType.AAAA)).Should().Equal("2001:db8::7");
        await Zone.PublishAsync(host, "127.0.0.3, 127.0.0.2", Cancellation);
        (await LookUpAsync(host)).Should().BeEquivalentTo("127.0.0.2", "127.0.0.3");
        (await LookUpAsync(host, QueryType.AAAA)).Should().BeEmpty();

        await Zone.PublishAsync(host, "::1", Cancellation);
        await Zone.WithdrawAsync(host, Cancellation);
        (await LookUpAsync(host, QueryType.AAAA)).Should().BeEmpty();
        (await Zone.ListAsync(Cancellation)).Select(record => record.Host).Should().NotContain(host);
    }

    [Fact]
    public async Task Withdrawing_removes_it_and_may_be_repeated()
    {
        var host = NewHost();
        await Zone.PublishAsync(host, "127.0.0.1", Cancellation);
        await Zone.WithdrawAsync(host, Cancellation);
        await Zone.WithdrawAsync(host, Cancellation);
        (await LookUpAsync(host)).Should().BeEmpty();
        (await Zone.ListAsync(Cancellation)).Select(record => record.Host).Should().NotContain(host);
    }

    [Fact]
    public async Task Many_at_once_are_all_there_in_the_end()
    {
        var hosts = Enumerable.Range(0, 12).Select(_ => NewHost()).ToList();
        await Task.WhenAll(hosts.Select(h => Zone.PublishAsync(h, "127.0.0.1", Cancellation)));
        (await Zone.ListAsync(Cancellation)).Select(record => record.Host).Should().Contain(hosts);
    }

    [Theory]
    [InlineData("example.com")]
    [InlineData("UPPER.{0}")]
    [InlineData("a b.{0}")]
    [InlineData("{0}")]
    [InlineData("../zones.{0}")]
    public async Task A_name_outside_the_zone_is_refused(string host) =>
        await FluentActions.Awaiting(() => Zone.PublishAsync(string.Format(null, host, RealPlatform.Setting("BOOTTIFY_DOMAIN")), "127.0.0.1", Cancellation))
            .Should().ThrowAsync<ArgumentException>();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in made)
            await Zone.WithdrawAsync(host, CancellationToken.None);
        await services.DisposeAsync();
    }

    private string NewHost()
    {
        var host = $"test-{AppIds.New()}.{RealPlatform.Setting("BOOTTIFY_DOMAIN")}";
        made.Add(host);
        return host;
    }

    private static async Task<IReadOnlyList<string>> LookUpAsync(string host, QueryType type = QueryType.A) =>
        [.. (await PatientLookup.AddressesAsync(RealPlatform.Setting("BOOTTIFY_DNS"), host, Cancellation, type)).Select(address => address.ToString())];
}
