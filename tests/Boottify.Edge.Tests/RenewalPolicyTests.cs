using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Tests;

public sealed class RenewalPolicyTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(90, 30)]
    [InlineData(6, 3)]
    public void Renewal_comes_with_a_third_of_the_life_left_or_half_of_a_short_one(int days, int left)
    {
        var certificate = new PublishedCertificate("01", s_now, s_now.AddDays(days));
        foreach (var name in Enumerable.Range(0, 50).Select(i => $"host{i}.test"))
            RenewalPolicy.RenewAt(Host(name), certificate).Should().BeOnOrBefore(certificate.NotAfter.AddDays(-left))
                .And.BeOnOrAfter(certificate.NotAfter.AddDays(-left - (days / 50.0)));
    }

    [Fact]
    public void Hosts_that_came_together_do_not_renew_together_and_each_keeps_its_time()
    {
        var certificate = new PublishedCertificate("01", s_now, s_now.AddDays(90));
        var times = Enumerable.Range(0, 100).Select(i => RenewalPolicy.RenewAt(Host($"host{i}.test"), certificate)).ToList();
        times.Distinct().Should().HaveCountGreaterThan(95);
        RenewalPolicy.RenewAt(Host("host1.test"), certificate).Should().Be(times[1]);
    }

    [Fact]
    public void What_the_authority_suggests_goes_before_our_own_rule_but_leaves_time_for_trouble()
    {
        var certificate = new PublishedCertificate("01", s_now, s_now.AddDays(90));
        RenewalPolicy.RenewAt(Host("a.test"), certificate, s_now.AddDays(10)).Should().Be(s_now.AddDays(10));
        RenewalPolicy.RenewAt(Host("a.test"), certificate, s_now.AddDays(100)).Should().Be(s_now.AddDays(85.5));
    }

    [Fact]
    public void A_moment_in_the_authoritys_window_is_chosen_by_luck_and_a_window_that_is_over_means_now()
    {
        var window = new RenewalWindow(s_now.AddDays(1), s_now.AddDays(3), TimeSpan.FromHours(6), null);
        window.Choose(s_now, 0.5).Should().Be(s_now.AddDays(2));
        window.Choose(s_now.AddDays(5), 0.5).Should().Be(s_now.AddDays(5));
    }

    [Fact]
    public void Failures_are_waited_for_longer_and_longer_and_never_more_than_five_in_the_first_hour()
    {
        var waits = Enumerable.Range(1, 20).Select(failures => RenewalPolicy.Backoff(failures, null, 0)).ToList();
        waits.Should().BeInAscendingOrder();
        waits[^1].Should().Be(TimeSpan.FromDays(1));
        waits.Take(5).Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait).Should().BeGreaterThan(TimeSpan.FromHours(1));
        RenewalPolicy.Backoff(1, null, 1).Should().Be(TimeSpan.FromSeconds(16.5));
    }

    [Fact]
    public void What_the_authority_asks_for_is_waited_for_if_it_is_longer()
    {
        RenewalPolicy.Backoff(1, TimeSpan.FromHours(5), 0).Should().Be(TimeSpan.FromHours(5));
        RenewalPolicy.Backoff(5, TimeSpan.FromSeconds(1), 0).Should().Be(TimeSpan.FromHours(1));
    }

    [Fact]
    public void A_certificate_is_published_only_if_key_name_dates_and_chain_fit()
    {
        using var root = new Authority("CN=root");
        using var other = new Authority("CN=other");
        var (good, key) = root.Issue("a.test", s_now.AddDays(-1), s_now.AddDays(89));
        var (certificate, pem) = PublishedCertificate.Check(new IssuedCertificate(good, key), Host("a.test"), s_now);
        certificate.NotAfter.Should().Be(s_now.AddDays(89));
        pem.Should().StartWith("-----BEGIN PRIVATE KEY-----").And.Contain("BEGIN CERTIFICATE");

        var (_, foreign) = root.Issue("a.test", s_now.AddDays(-1), s_now.AddDays(89));
        Refused(good, foreign, "a.test").Should().Contain("another key");
        Refused(good, key, "b.test").Should().Contain("not for this name");
        Refused(root.Issue("a.test", s_now.AddDays(-90), s_now.AddDays(-1)), "a.test").Should().Contain("expired");
        Refused(root.Issue("a.test", s_now.AddDays(1), s_now.AddDays(2)), "a.test").Should().Contain("clock");
        Refused(good + other.Pem, key, "a.test").Should().Contain("chain");
        Refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", key, "a.test").Should().Contain("read");
        Refused("", key, "a.test").Should().Contain("empty");
    }

    private static string Refused((string Chain, string Key) issued, string host) => Refused(issued.Chain, issued.Key, host);

    private static string Refused(string chain, string key, string host)
    {
        var check = () => PublishedCertificate.Check(new IssuedCertificate(chain, key), Host(host), s_now);
        return check.Should().Throw<AcmeException>().Which.Message;
    }

    private static HostName Host(string text) => HostName.TryParse(text, out var host, out _) ? host : throw new InvalidOperationException(text);

    private sealed class Authority : IDisposable
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _certificate;

        public Authority(string name)
        {
            var request = new CertificateRequest(name, _key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            _certificate = request.CreateSelfSigned(s_now.AddYears(-1), s_now.AddYears(1));
        }

        public string Pem => _certificate.ExportCertificatePem();

        public (string Chain, string Key) Issue(string host, DateTimeOffset from, DateTimeOffset to)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            request.CertificateExtensions.Add(names.Build());
            using var leaf = request.Create(_certificate, from, to, RandomNumberGenerator.GetBytes(16));
            return ($"{leaf.ExportCertificatePem()}\n{Pem}\n", key.ExportPkcs8PrivateKeyPem());
        }

        public void Dispose()
        {
            _key.Dispose();
            _certificate.Dispose();
        }
    }
}
