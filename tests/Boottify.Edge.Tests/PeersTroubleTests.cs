using Boottify.Edge.Acme;
using Boottify.Edge.Certificates;

namespace Boottify.Edge.Tests;

/// <summary>How the failures that several edges have met are put together: pure.</summary>
public sealed class PeersTroubleTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Failures_that_edges_met_without_each_other_are_all_counted_and_none_twice()
    {
        var both = Failed("a", null);
        var a = Failed("a", Failed("a", both));
        var b = Failed("b", both);
        var merged = Trouble.Of(a, b)!;
        (a.Failures, b.Failures, merged.Failures).Should().Be((3, 2, 4));
        (Trouble.Of(b, a)!.Failures, Trouble.Of(merged, b)!.Failures, Trouble.Of(Trouble.Of(a, merged), merged)!.Failures).Should().Be((4, 4, 4));
        (merged.Knows(a), merged.Knows(b), a.Knows(b), b.Knows(a), a.Knows(both)).Should().Be((true, true, false, false, true));
        Failed("b", merged).Should().Match<Trouble>(next => next.Failures == 5 && next.NextAttempt == s_now.AddHours(1), "the next wait is as long as after all of them");
        (Trouble.Of(null, a), Trouble.Of(a, null), Trouble.Of(null, null)).Should().Be((a, a, null));
    }

    [Fact]
    public void The_longer_wait_counts_for_the_name_and_for_each_authority()
    {
        Trouble Of(string node, string type, TimeSpan? first, TimeSpan? second) => Trouble.OfAuthorities(null, new Dictionary<string, AuthorityTrouble>
        {
            ["first"] = Trouble.OfAuthority(null, new AcmeException(new AcmeProblem(type, node, 429, []), first), s_now, 0),
            ["second"] = Trouble.OfAuthority(null, new AcmeException(new AcmeProblem(type, node, 429, []), second), s_now, 0),
        }).CountedFor(node, null);
        var merged = Trouble.Of(Of("a", "rateLimited", TimeSpan.FromHours(5), TimeSpan.FromHours(1)), Of("b", "busy", TimeSpan.FromHours(2), TimeSpan.FromHours(3)))!;
        (merged.At("first")!.NextAttempt, merged.At("first")!.NotBefore, merged.At("first")!.Failures).Should().Be((s_now.AddHours(5), s_now.AddHours(5), 2));
        (merged.At("second")!.NextAttempt, merged.At("second")!.Reason).Should().Be((s_now.AddHours(3), "b (busy)"));
        (merged.NextAttempt, merged.Failures).Should().Be((s_now.AddHours(2), 2));
        merged.Hurried(s_now).Should().BeNull("both authorities asked to be left alone");

        var later = merged.Shifted(TimeSpan.FromMinutes(7));
        (later.NextAttempt, later.At("first")!.NotBefore, later.Reason).Should().Be((s_now.AddMinutes(127), s_now.AddMinutes(307), merged.Reason));
    }

    [Fact]
    public void What_may_be_this_machine_s_own_matter_is_no_reason_for_others_to_wait()
    {
        Trouble.OfName(null, AcmeException.OfProof(new AcmeProblem("dns", "no such name", 400, [])), rehearse: false, s_now, 0).Here.Should().BeFalse();
        Trouble.After(null, "the disk is full", null, s_now, 0).Here.Should().BeTrue();
        AuthorityTrouble At(AcmeException refused) => Trouble.OfAuthority(null, refused, s_now, 0);
        var (away, busy) = (At(AcmeException.Because("It cannot be reached.")), At(new AcmeException(new AcmeProblem("", "busy", 503, []))));
        (away.Here, busy.Here, At(AcmeException.OutOfBudget("used up", TimeSpan.FromHours(1))).Here).Should().Be((true, false, false));
        Trouble.OfAuthorities(null, new Dictionary<string, AuthorityTrouble> { ["first"] = away }).Here.Should().BeTrue();
        Trouble.OfAuthorities(null, new Dictionary<string, AuthorityTrouble> { ["first"] = away, ["second"] = busy }).Here.Should().BeFalse();
    }

    [Fact]
    public void An_authority_that_only_this_edge_does_not_reach_is_neither_told_nor_waited_for()
    {
        var away = AcmeException.Because("It cannot be reached.");
        Trouble? before = null;
        for (var i = 0; i < 8; i++) before = Trouble.OfAuthorities(before, new Dictionary<string, AuthorityTrouble> { ["first"] = Trouble.OfAuthority(before?.At("first"), away, s_now, 0) });
        var mine = Trouble.OfAuthorities(before, new Dictionary<string, AuthorityTrouble>
        {
            ["first"] = Trouble.OfAuthority(before!.At("first"), away, s_now, 0),
            ["second"] = Trouble.OfAuthority(null, new AcmeException(new AcmeProblem("rateLimited", "too many", 429, []), TimeSpan.FromHours(2)), s_now, 0),
        }).CountedFor("a", before);
        (mine.Failures, mine.At("first")!.NextAttempt, mine.NextAttempt).Should().Be((9, s_now.AddHours(24), s_now.AddHours(2)), "on its own disk all is as it was met");
        mine.Tally.Should().BeEquivalentTo(new Dictionary<string, int> { ["a"] = 1, ["a second"] = 1 });

        var told = mine.ForOthers(s_now);
        told.Authorities!.Keys.Should().Equal("second");
        (told.Failures, told.NextAttempt, told.Reason, told.At("second")).Should().Be((1, s_now, "too many (rateLimited)", mine.At("second")), "others may reach the first one at once");
        told.IsSound(s_now).Should().BeTrue();

        var again = Trouble.OfAuthorities(told, new Dictionary<string, AuthorityTrouble> { ["first"] = Trouble.OfAuthority(null, away, s_now, 0), ["second"] = told.At("second")! }).CountedFor("b", told);
        again.Tally.Should().BeEquivalentTo(mine.Tally, "b did not reach the first one either, which counts for b alone");
    }

    [Fact]
    public void Failures_of_this_machine_s_own_make_nobody_else_wait_longer()
    {
        Trouble? before = null;
        for (var i = 0; i < 8; i++) before = Trouble.After(before, "the disk is full", null, s_now, 0);
        var mine = Failed("a", before);
        (mine.Failures, mine.NextAttempt).Should().Be((9, s_now.AddHours(24)));
        var told = mine.ForOthers(s_now);
        (told.Failures, told.NextAttempt, told.Reason).Should().Be((1, s_now.AddSeconds(15), mine.Reason));
        Failed("b", Trouble.Of(null, told)).Should().Match<Trouble>(next => next.Failures == 2 && next.NextAttempt == s_now.AddMinutes(1));

        var limited = Trouble.OfAuthorities(before, new Dictionary<string, AuthorityTrouble>
        {
            ["first"] = Trouble.OfAuthority(new AuthorityTrouble(8, "away", s_now, Here: true), new AcmeException(new AcmeProblem("rateLimited", "too many", 429, [])), s_now, 0),
        }).CountedFor("a", before! with { Authorities = new Dictionary<string, AuthorityTrouble> { ["first"] = new(8, "away", s_now, Here: true) } });
        var its = limited.ForOthers(s_now).At("first")!;
        (limited.At("first")!.NotBefore, its.Failures, its.NextAttempt, its.NotBefore).Should().Be((s_now.AddHours(24), 1, s_now.AddSeconds(15), s_now.AddSeconds(15)));
        Failed("a", null).ForOthers(s_now).Should().BeEquivalentTo(Failed("a", null), "nothing of it is a's own");
    }

    [Fact]
    public void However_many_nodes_have_tried_a_name_what_is_told_stays_small_and_no_failure_is_forgotten()
    {
        Trouble? row = null;
        for (var i = 1; i <= 1500; i++)
        {
            row = Failed($"machine/{i}", row);
            (row.Failures, row.Tally!.Values.Sum()).Should().Be((i, i));
            row.Tally.Should().ContainKey($"machine/{i}", "an edge keeps its own apart");
        }

        row!.Tally!.Count.Should().BeLessThanOrEqualTo(101);
        row.ForOthers(s_now).Should().Match<Trouble>(told => told.Failures == 1500 && told.IsSound(s_now));
        var (a, b) = (Failed("a", row), Failed("b", Failed("b", row)));
        foreach (var merged in (Trouble[])[Trouble.Of(a, b)!, Trouble.Of(b, a)!, Trouble.Of(Trouble.Of(a, b), row)!]) merged.Tally!.Values.Sum().Should().BeGreaterThanOrEqualTo(1503);
        Failed("c", Trouble.Of(a, b)).Tally!.Values.Sum().Should().BeInRange(1504, 1510);
    }

    [Fact]
    public void What_no_edge_would_have_written_is_not_believed()
    {
        var sound = Failed("a", null);
        sound.IsSound(s_now).Should().BeTrue();
        foreach (var wrong in (Trouble[])[
            sound with { Reason = null! }, sound with { Failures = -1 }, sound with { NextAttempt = s_now.AddYears(9) }, sound with { NotBefore = s_now.AddYears(9) },
            sound with { Tally = new Dictionary<string, int> { ["a"] = int.MaxValue } }, sound with { Authorities = new Dictionary<string, AuthorityTrouble> { ["first"] = null! } },
            sound with { Authorities = new Dictionary<string, AuthorityTrouble> { ["first"] = new(1, "x", s_now.AddYears(9)) } }]) wrong.IsSound(s_now).Should().BeFalse("{0}", wrong);
    }

    private static Trouble Failed(string node, Trouble? before) =>
        Trouble.OfName(before, AcmeException.OfProof(new AcmeProblem("dns", "no such name", 400, [])), rehearse: false, s_now, 0).CountedFor(node, before);
}
