using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Routes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Boottify.Edge.Tests;

public sealed class PublicSuffixListTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("boottify-suffixes-").FullName;
    private readonly Told _log = new();

    /// <summary>After the list's own test data (https://publicsuffix.org/list/): the file that Debian's package has put here.</summary>
    [Theory]
    [InlineData("example.example", "example.example")]
    [InlineData("a.b.example.example", "example.example")]
    [InlineData("domain.biz", "domain.biz")]
    [InlineData("a.b.domain.biz", "domain.biz")]
    [InlineData("a.b.example.com", "example.com")]
    [InlineData("uk.com", "uk.com")]
    [InlineData("a.b.example.uk.com", "example.uk.com")]
    [InlineData("test.ac", "test.ac")]
    [InlineData("c.mm", "c.mm")]
    [InlineData("b.c.mm", "b.c.mm")]
    [InlineData("a.b.c.mm", "b.c.mm")]
    [InlineData("www.test.jp", "test.jp")]
    [InlineData("www.test.ac.jp", "test.ac.jp")]
    [InlineData("test.kyoto.jp", "test.kyoto.jp")]
    [InlineData("a.b.ide.kyoto.jp", "b.ide.kyoto.jp")]
    [InlineData("a.b.c.kobe.jp", "b.c.kobe.jp")]
    [InlineData("www.city.kobe.jp", "city.kobe.jp")]
    [InlineData("a.b.test.ck", "b.test.ck")]
    [InlineData("www.ck", "www.ck")]
    [InlineData("www.www.ck", "www.ck")]
    [InlineData("www.test.k12.ak.us", "test.k12.ak.us")]
    [InlineData("xn--85x722f.com.cn", "xn--85x722f.com.cn")]
    [InlineData("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn")]
    [InlineData("www.shishi.xn--fiqs8s", "shishi.xn--fiqs8s")]
    [InlineData("a.shop.co.uk", "shop.co.uk")]
    [InlineData("www.somebody.github.io", "somebody.github.io")]
    [InlineData("github.io", "github.io")]
    public void The_installed_list_says_what_the_authority_counts_under(string name, string domain) =>
        Domains(RegisteredDomains.UsualList).Of(Host(name)).Should().Be(domain);

    [Fact]
    public void A_rule_may_be_a_wildcard_an_exception_or_in_another_script()
    {
        var list = PublicSuffixList.Parse("""
            // ===BEGIN ICANN DOMAINS===
            // A comment, then nothing.

            uk
            co.uk // what stands behind a rule is none of it
            *.ck
            !www.ck
            公司.cn
            网络.Cn
             indented.test
            not..a.name
            a.*.inside.test
            // ===END ICANN DOMAINS===
            // ===BEGIN PRIVATE DOMAINS===
            github.io
            // ===END PRIVATE DOMAINS===
            """.Split('\n'));
        list.Count.Should().Be(7);
        (string, string)[] expected =
        [
            ("a.b.uk", "b.uk"), ("a.b.co.uk", "b.co.uk"), ("co.uk", "co.uk"), ("a.b.c.ck", "b.c.ck"), ("b.ck", "b.ck"), ("a.www.ck", "www.ck"), ("a.b.github.io", "b.github.io"),
            ("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn"), ("a.b.xn--io0a7i.cn", "b.xn--io0a7i.cn"), ("a.b.cn", "b.cn"), ("a.b.indented.test", "indented.test"), ("a.b.unknown", "b.unknown"),
        ];
        expected.Select(one => (one.Item1, list.RegisteredDomainOf(Host(one.Item1)))).Should().Equal(expected);
    }

    [Theory]
    [InlineData("// ===BEGIN ICANN DOMAINS===\ncom\nco.uk\n")]
    [InlineData("<html>no such page</html>\n")]
    [InlineData("// ===BEGIN ICANN DOMAINS===\n// ===END ICANN DOMAINS===\n")]
    [InlineData(null)]
    public void A_file_that_is_missing_or_not_whole_is_told_once_and_guessing_goes_on(string? text)
    {
        var file = Path.Combine(_folder, "list.dat");
        if (text is not null) File.WriteAllText(file, text);
        var domains = Domains(file);
        (domains.Of(Host("a.shop.co.uk")), domains.Of(Host("a.somebody.github.io"))).Should().Be(("shop.co.uk", "github.io"));
        _log.Lines.Should().ContainSingle().Which.Should().Contain("BOOTTIFY_PUBLIC_SUFFIX_LIST").And.Contain(file);
    }

    [Fact]
    public void The_budget_counts_by_the_list()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
        var budget = new Budget(Path.Combine(_folder, "budget"), new(300, 1, 5, 5), clock, Domains(RegisteredDomains.UsualList));
        budget.Take(Host("www.one.github.io"), OrderKind.New);
        budget.Issued(Host("www.one.github.io"), OrderKind.New);
        budget.Take(Host("www.two.github.io"), OrderKind.New);
        ((Action)(() => budget.Take(Host("shop.one.github.io"), OrderKind.New))).Should().Throw<AcmeException>().WithMessage("*one.github.io*");
    }

    private RegisteredDomains Domains(string file) => RegisteredDomains.Read(file, _log);

    private static HostName Host(string text) => HostName.TryParse(text, out var host, out _) ? host : throw new InvalidOperationException(text);

    private sealed class Told : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
