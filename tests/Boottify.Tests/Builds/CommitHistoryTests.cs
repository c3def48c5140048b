using Boottify.Builds;

namespace Boottify.Tests.Builds;

public class CommitHistoryTests
{
    /// <summary>a ← b ← d, a ← c ← d (a merge) ← e.</summary>
    private static readonly CommitHistory History = CommitHistory.Parse("e d\nd b c\nc a\nb a\na\n");

    [Theory]
    [InlineData("e", "a", true)]
    [InlineData("e", "c", true)]
    [InlineData("d", "b", true)]
    [InlineData("b", "c", false)]
    [InlineData("a", "e", false)]
    [InlineData("a", "a", false)]
    [InlineData("e", "unknown", false)]
    [InlineData("unknown", "a", false)]
    public void A_commit_descends_from_what_its_parents_lead_to(string commit, string ancestor, bool contains) =>
        History.Contains(commit, ancestor).Should().Be(contains);
}
