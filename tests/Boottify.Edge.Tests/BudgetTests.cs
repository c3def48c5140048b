using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;
using Boottify.Edge.Routes;
using Microsoft.Extensions.Time.Testing;

namespace Boottify.Edge.Tests;

public sealed class BudgetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("boottify-budget-").FullName;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));

    [Fact]
    public void New_orders_of_three_hours_are_counted_and_the_time_of_the_next_is_told()
    {
        var budget = Budget(new(2, 50, 5, 5));
        Order(budget, "a.one.test");
        _clock.Advance(TimeSpan.FromHours(1));
        Order(budget, "a.two.test");
        var third = () => budget.Take(Name("a.three.test"), OrderKind.New);
        third.Should().Throw<AcmeException>().Which.Should().Match<AcmeException>(e => e.Fault == AcmeFault.Budget && e.RetryAfter == TimeSpan.FromHours(2));
        budget.Take(Name("a.one.test"), OrderKind.Renewal);
        budget.Take(Name("a.one.test"), OrderKind.Suggested);
        _clock.Advance(TimeSpan.FromHours(2));
        third.Should().NotThrow();
    }

    [Fact]
    public void Certificates_of_a_registered_domain_are_counted_whatever_the_app_and_those_under_way_too()
    {
        var budget = Budget(new(300, 2, 5, 5));
        Order(budget, "a.shop.co.uk", OrderKind.New);
        budget.Take(Name("b.shop.co.uk"), OrderKind.New);
        var third = () => budget.Take(Name("c.shop.co.uk"), OrderKind.New);
        third.Should().Throw<AcmeException>().WithMessage("*shop.co.uk*");
        budget.Take(Name("c.other.co.uk"), OrderKind.New);
        budget.End(Name("b.shop.co.uk"));
        budget.Take(Name("c.shop.co.uk"), OrderKind.New);
        budget.Issued(Name("c.shop.co.uk"), OrderKind.New);
        budget.End(Name("c.shop.co.uk"));
        third.Should().Throw<AcmeException>().Which.RetryAfter.Should().Be(TimeSpan.FromDays(7));
    }

    [Fact]
    public void Failed_proofs_and_duplicates_of_a_name_outlive_a_restart()
    {
        var limits = new AuthorityLimits(300, 50, 2, 2);
        var budget = Budget(limits);
        budget.Refused(Name("a.test.test"));
        budget.Refused(Name("a.test.test"));
        Order(budget, "b.test.test");
        Order(budget, "b.test.test", OrderKind.Renewal);

        budget = Budget(limits);
        var failed = () => budget.Take(Name("a.test.test"), OrderKind.New);
        failed.Should().Throw<AcmeException>().WithMessage("*failed authorizations of a.test.test*").Which.RetryAfter.Should().Be(TimeSpan.FromHours(1));
        var again = () => budget.Take(Name("b.test.test"), OrderKind.Renewal);
        again.Should().Throw<AcmeException>().WithMessage("*certificates for b.test.test*");
        budget.Take(Name("b.test.test"), OrderKind.Suggested);
        _clock.Advance(TimeSpan.FromHours(1));
        failed.Should().NotThrow();
        again.Should().Throw<AcmeException>();
    }

    [Fact]
    public void The_file_does_not_grow_for_ever_and_a_broken_line_costs_itself_alone()
    {
        var file = Path.Combine(_folder, "budget");
        var old = _clock.GetUtcNow().AddDays(-8).ToUnixTimeSeconds();
        File.WriteAllLines(file, Enumerable.Range(0, 5000).Select(i => $"Certificate {old} d{i}.test").Append($"Certificate {old + 86400 * 2} kept.test"));
        Order(Budget(new(1, 1, 1, 1)), "a.test.test");
        File.ReadLines(file).Should().HaveCount(4).And.ContainSingle(line => line.StartsWith($"Certificate {old + 86400 * 2} kept.test ", StringComparison.Ordinal));
        File.AppendAllText(file, "Order 17\nnonsense\n");
        Budget(new(1, 1, 1, 1)).Orders.Should().Be(1);
    }

    [Fact]
    public void What_other_edges_have_used_counts_once_and_outlives_a_restart()
    {
        var limits = new AuthorityLimits(300, 3, 5, 5);
        var (mine, theirs) = (Budget(limits), new Budget(Path.Combine(_folder, "theirs"), limits, _clock, RegisteredDomains.Guessed));
        Order(theirs, "a.shop.test");
        _clock.Advance(TimeSpan.FromDays(1));
        Order(mine, "b.shop.test");
        _clock.Advance(TimeSpan.FromDays(1));
        Order(theirs, "c.shop.test");
        foreach (var _ in (int[])[1, 2]) mine.Meet(theirs.Unshared(100)); // Told twice.
        mine.Unshared(100).Should().HaveCount(3, "an order, a certificate and its name, which it is to tell itself").And.OnlyContain(use => use.Key != "a.shop.test");
        mine.Orders.Should().Be(1, "the order of two days ago counts no more, that of its own of yesterday neither");
        foreach (var budget in (Budget[])[mine, Budget(limits)])
        {
            var fourth = () => budget.Take(Name("d.shop.test"), OrderKind.New);
            fourth.Should().Throw<AcmeException>().WithMessage("*allows 3 certificates for shop.test*").Which.RetryAfter.Should().Be(TimeSpan.FromDays(5), "the oldest of all of them was another edge's");
        }

        mine.Meet(Budget(limits).Unshared(100));
        File.ReadLines(Path.Combine(_folder, "budget")).Select(line => line.Split(' ')[3]).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Orders_that_are_under_way_at_other_edges_are_waited_for_when_they_may_be_the_last()
    {
        var budget = Budget(new(300, 2, 5, 5));
        budget.SetElsewhere(["a.shop.test", "*.shop.test", "a.other.test", "no name"]);
        var order = () => budget.Take(Name("b.shop.test"), OrderKind.New);
        order.Should().Throw<AcmeException>().Which.RetryAfter.Should().Be(TimeSpan.FromMinutes(1));
        budget.SetElsewhere(["a.shop.test", "a.other.test"]);
        order.Should().NotThrow();
    }

    [Theory]
    [InlineData("0a", "Order", "", true)]
    [InlineData("0a", "Certificate", "*.a.test", true)]
    [InlineData("0a", "Nothing", "a.test", false)]
    [InlineData("0a", "17", "a.test", false)]
    [InlineData("0a", "Order", "a.test\nOrder", false)]
    [InlineData("0a b", "Order", "", false)]
    [InlineData("", "Order", "", false)]
    public void What_another_edge_tells_is_a_line_of_the_file_or_nothing(string id, string kind, string key, bool taken) =>
        (Use.Of(id, kind, key, _clock.GetUtcNow()) is not null).Should().Be(taken);

    [Fact]
    public void What_a_clock_that_was_ahead_has_noted_blocks_nothing()
    {
        Order(Budget(new(1, 1, 1, 1)), "a.test.test");
        _clock.AdjustTime(_clock.GetUtcNow().AddYears(-1));
        Order(Budget(new(1, 1, 1, 1)), "a.test.test");
        File.ReadLines(Path.Combine(_folder, "budget")).Should().HaveCount(3);
    }

    [Fact]
    public void An_authority_that_wants_a_name_renewed_over_and_over_is_heard_once_in_a_while_restarts_or_not()
    {
        bool Heard() => new Budget(Path.Combine(_folder, "budget"), null, _clock, RegisteredDomains.Guessed).TryRenewEarly(Name("a.test.test"), TimeSpan.FromHours(6));
        (Heard(), Heard()).Should().Be((true, false));
        _clock.Advance(TimeSpan.FromHours(6));
        Heard().Should().BeTrue();
    }

    [Theory]
    [InlineData("a.b.example.com", "example.com")]
    [InlineData("example.com", "example.com")]
    [InlineData("a.shop.co.uk", "shop.co.uk")]
    [InlineData("shop.com.au", "shop.com.au")]
    [InlineData("a.b.shop.de", "shop.de")]
    public void The_registered_domain_is_guessed_without_a_list(string name, string domain) =>
        RegisteredDomains.Guessed.Of(Name(name).Domain).Should().Be(domain);

    [Fact]
    public void Limits_are_those_of_lets_encrypt_unless_told_otherwise()
    {
        AuthorityLimits.Parse(null).Should().Be(new AuthorityLimits(300, 50, 5, 5));
        AuthorityLimits.Parse("off").Should().BeNull();
        AuthorityLimits.Parse("orders=1000, failures=3").Should().Be(new AuthorityLimits(1000, 50, 3, 5));
        foreach (var wrong in new[] { "orders", "orders=0", "orders=-1", "orders=many", "apples=3" })
            ((Action)(() => AuthorityLimits.Parse(wrong))).Should().Throw<InvalidOperationException>().WithMessage("*BOOTTIFY_ACME_LIMITS*");
    }

    private Budget Budget(AuthorityLimits limits) => new(Path.Combine(_folder, "budget"), limits, _clock, RegisteredDomains.Guessed);

    private static void Order(Budget budget, string name, OrderKind kind = OrderKind.New)
    {
        budget.Take(Name(name), kind);
        budget.Issued(Name(name), kind);
        budget.End(Name(name));
    }

    private static CertificateName Name(string text) => HostName.TryParse(text, out var host, out _) ? host : throw new InvalidOperationException(text);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
