using Boottify.Domains;

namespace Boottify.Tests.Domains;

public sealed class DomainDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Grace = TimeSpan.FromDays(3);
    private static readonly Trouble NoProof = new("no proof");
    private static readonly Trouble Elsewhere = new("leads elsewhere");
    private static readonly Domain Added = Domain.Create(new DomainAdded("www.example.com", "a1234567", "t1234567", "boottify-verification=abc", "somebody", Now));
    private static readonly Domain Served = Added with { Stage = DomainStage.Edge, ActiveAt = Now };

    [Fact]
    public void A_claim_without_proof_waits_and_says_why_once()
    {
        var events = Decide(Added, new(NoProof, true, null));
        events.Should().Equal(new DomainTroubled("no proof", null, Now));
        Decide(Added.Apply((DomainTroubled)events[0]), new(NoProof, true, null)).Should().BeEmpty();
    }

    [Fact]
    public void Proof_alone_makes_it_wait_for_dns_and_both_bring_it_to_the_edge()
    {
        Decide(Added, new(null, false, Elsewhere)).Should().Equal(new OwnershipProven(Now), new DomainTroubled("leads elsewhere", null, Now));
        Decide(Added, new(null, false, null)).Should().Equal(new OwnershipProven(Now), new DomainPointed(Now));
        Decide(Added with { Stage = DomainStage.Dns, Reason = "leads elsewhere" }, new(null, false, null)).Should().Equal(new DomainPointed(Now));
    }

    [Fact]
    public void One_that_serves_keeps_its_route_while_its_dns_is_wrong_and_says_so()
    {
        Decide(Served, new(null, false, Elsewhere)).Should().Equal(new DomainTroubled("leads elsewhere", null, Now));
        Decide(Served with { Reason = "leads elsewhere" }, new(null, false, null)).Should().Equal(new DomainRecovered(Now));
        Decide(Served, new(null, false, null)).Should().BeEmpty();
    }

    [Fact]
    public void A_proof_that_is_gone_is_told_with_the_end_and_after_the_grace_the_name_is_let_go()
    {
        var events = Decide(Served, new(NoProof, true, null));
        events[0].Should().Be(new OwnershipDoubted(Now));
        events[1].Should().BeOfType<DomainTroubled>().Which.Reason.Should().Contain("no proof").And.Contain("2026-05-04 at 12:00 UTC");
        var doubted = Served.Apply((OwnershipDoubted)events[0]).Apply((DomainTroubled)events[1]);

        Decide(doubted, new(NoProof, true, null), Now + Grace - TimeSpan.FromSeconds(1)).Should().BeEmpty("it is all told");
        var end = Decide(doubted, new(NoProof, true, null), Now + Grace);
        end.OfType<OwnershipLapsed>().Should().ContainSingle();
        doubted.Apply(end.OfType<OwnershipLapsed>().Single()).Stage.Should().Be(DomainStage.Ownership);
    }

    [Fact]
    public void A_proof_that_returns_in_time_ends_the_doubt()
    {
        var doubted = Served with { DoubtedAt = Now - TimeSpan.FromDays(2), Reason = "no proof" };
        Decide(doubted, new(null, false, null)).Should().Equal(new OwnershipProven(Now), new DomainRecovered(Now));
        doubted.Apply(new OwnershipProven(Now)).Should().Match<Domain>(d => d.Stage == DomainStage.Edge && d.DoubtedAt == null);
    }

    [Fact]
    public void Servers_that_do_not_answer_take_no_name_from_anybody()
    {
        Decide(Served with { DoubtedAt = Now - Grace - Grace, Reason = "x" }, new(new Trouble("SERVFAIL"), false, null)).Should().Equal(new DomainTroubled("SERVFAIL", null, Now));
        Decide(Served, new(new Trouble("SERVFAIL"), false, null)).Should().Equal(new DomainTroubled("SERVFAIL", null, Now));
    }

    [Fact]
    public void A_removed_claim_is_over_and_a_new_one_starts_from_nothing()
    {
        var removed = Served.Apply(new DomainRemoved("somebody", Now));
        Decide(removed, new(null, false, null)).Should().BeEmpty();
        var again = removed.Apply(new DomainAdded("www.example.com", "b1234567", "t1234567", "boottify-verification=def", "somebody", Now));
        again.Should().Match<Domain>(d => d.RemovedAt == null && d.Stage == DomainStage.Ownership && d.ActiveAt == null && d.Proof == "boottify-verification=def");
    }

    [Fact]
    public void Looks_come_quickly_first_and_then_ever_more_rarely_up_to_half_an_hour()
    {
        var waits = Enumerable.Range(1, 30).Select(looks => DomainSchedule.Waiting(looks, 0.5)).ToList();
        waits.Should().BeInAscendingOrder();
        waits.Take(5).Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait).Should().BeLessThan(TimeSpan.FromMinutes(1));
        waits[^1].Should().BeGreaterThan(TimeSpan.FromMinutes(29)).And.BeLessThan(TimeSpan.FromMinutes(37));
        DomainSchedule.Waiting(int.MaxValue, 1).Should().BeLessThan(TimeSpan.FromMinutes(37));
    }

    private static IReadOnlyList<object> Decide(Domain domain, DomainFindings found, DateTimeOffset? now = null) => DomainDecision.Of(domain, found, Grace, now ?? Now);
}
