using System.Security.Cryptography;
using Boottify.Contracts.Databases;
using Boottify.Edge.Certificates;
using Boottify.Edge.Peers;

namespace Boottify.Edge.Tests;

/// <summary>Settings, seals, and which of two certificates is the better one: pure.</summary>
public sealed class PeersPartsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private static readonly string s_key = Convert.ToBase64String(new byte[32]);

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("postgres://u@h/d", null, "BOOTTIFY_EDGE_KEY")]
    [InlineData(null, "key", "BOOTTIFY_EDGE_DATABASE_URL")]
    [InlineData("postgres://u@h/d", "c2VjcmV0", "32 bytes")]
    [InlineData("postgres://u@h/d", "no-base64!", "32 bytes")]
    [InlineData("mysql://u:secret@h/d", "key", "postgres://")]
    [InlineData("postgres://u:secret@h", "key", "no database")]
    [InlineData("postgres://u:secret@h/d?nonsense=1", "key", "'nonsense'")]
    public void Both_settings_or_neither_and_the_message_says_what_is_wrong(string? url, string? key, string? problem)
    {
        var read = () => PeerSettings.Read(name => name == "BOOTTIFY_EDGE_DATABASE_URL" ? url : key == "key" ? s_key : key);
        if (problem is null) read().Should().BeNull();
        else read.Should().Throw<InvalidOperationException>().Which.Message.Should().Contain(problem).And.NotContain("secret").And.NotContain(s_key);
    }

    [Fact]
    public void An_address_is_read_with_all_its_parts()
    {
        var read = PostgresUrl.Parse("postgresql://a%40b:p%3Aw%2F@db.test:6000/the%20edges?sslmode=verify-full&application_name=x", "URL");
        (read.Username, read.Password, read.Host, read.Port, read.Database, read.SslMode, read.ApplicationName).Should().Be(("a@b", "p:w/", "db.test", 6000, "the edges", Npgsql.SslMode.VerifyFull, "x"));
        PostgresUrl.Parse("postgres://u@h/d", "URL").Port.Should().Be(5432);
    }

    [Fact]
    public void What_was_sealed_opens_with_the_same_key_at_the_same_place_alone()
    {
        var seal = new Seal(new PeerSettings(new(), RandomNumberGenerator.GetBytes(32)));
        var closed = seal.Close("a key", "certificates/a.test/01");
        seal.Open(closed, "certificates/a.test/01").Should().Be("a key");
        seal.Close("a key", "certificates/a.test/01").Should().NotEqual(closed, "no two are alike");
        foreach (var open in (Action[])[
            () => seal.Open(closed, "certificates/b.test/01"),
            () => new Seal(new PeerSettings(new(), RandomNumberGenerator.GetBytes(32))).Open(closed, "certificates/a.test/01"),
            () => seal.Open([.. closed[..^1], (byte)(closed[^1] ^ 1)], "certificates/a.test/01"),
            () => seal.Open(closed[..20], "certificates/a.test/01"),
            () => seal.Open([], "certificates/a.test/01")]) open.Should().Throw<CryptographicException>();
    }

    [Fact]
    public void A_certificate_gives_way_to_one_issued_later_and_never_to_an_older_one()
    {
        var mine = new PublishedCertificate("20", s_now.AddDays(-10), s_now.AddDays(80));
        GoesBefore(Shared("10", -20, 70), mine).Should().BeFalse("it is older");
        GoesBefore(Shared("30", -1, 89), mine).Should().BeTrue();
        GoesBefore(Shared("20", -10, 80), mine).Should().BeFalse("it is the same");
        GoesBefore(Shared("30", -1, 5), mine).Should().BeFalse("it ends earlier, and mine is not due");
        GoesBefore(Shared("30", -1, 5), new PublishedCertificate("20", s_now.AddDays(-85), s_now.AddDays(6))).Should().BeTrue("mine is due");
        GoesBefore(Shared("30", -11, 79) with { Replaces = "20" }, mine).Should().BeTrue("it was ordered in the place of mine");
        GoesBefore(Shared("30", -1, 89) with { Revoked = true }, mine).Should().BeFalse();
        GoesBefore(Shared("30", -91, -1), null).Should().BeFalse("it is over");
        GoesBefore(Shared("10", -20, 70), null).Should().BeTrue();
        GoesBefore(Shared("10", -20, 70), new PublishedCertificate("20", s_now.AddDays(-91), s_now.AddDays(-1))).Should().BeTrue("mine is over");
    }

    [Theory]
    [InlineData("21", -10, 80)]
    [InlineData("19", -10, 80)]
    [InlineData("30", -9, 81)]
    [InlineData("30", -11, 79)]
    public void Of_two_that_were_issued_at_once_all_edges_take_the_same(string serial, int from, int until)
    {
        var mine = new PublishedCertificate("20", s_now.AddDays(-10), s_now.AddDays(80));
        var theirs = Shared(serial, from, until);
        theirs.GoesAfter(mine, s_now).Should().Be(!GoesBefore(theirs, mine));
    }

    private static bool GoesBefore(SharedCertificate theirs, PublishedCertificate? mine) =>
        theirs.GoesBefore(HostName.TryParse("a.test", out var host, out _) ? (CertificateName)host : default, mine, s_now);

    private static SharedCertificate Shared(string serial, int from, int until) => new("a.test", serial, null, s_now.AddDays(from), s_now.AddDays(until), Revoked: false);
}
