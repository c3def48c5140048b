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
