using Boottify.Apps;

namespace Boottify.Tests;

public class AppNamesTests
{
    [Theory]
    [InlineData("MyApp", "myapp")]
    [InlineData("Ünïcode & Co", "unicode-co")]
    [InlineData("  --a__b--  ", "a-b")]
    [InlineData("日本語", "app")]
    [InlineData("", "app")]
    [InlineData("xn--evil", "xn-evil")]
    [InlineData("a\nb;c\"d/../e", "a-b-c-d-e")]
    public void A_name_becomes_a_readable_legal_slug(string name, string slug) =>
        AppNames.Of("k1234567", name).Slug.Should().Be(slug);

    [Fact]
    public void Every_derived_name_is_legal_whatever_the_app_is_called()
    {
        foreach (var name in new[] { "MyApp", new string('A', 300), "-", "Ünïcode & Co", "a.b.c", new string('-', 100) + "x", "\u202eevil\0" })
        {
            var names = AppNames.Of(AppIds.New(), name);
            names.HostLabel.Should().MatchRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
            names.Namespace.Should().MatchRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
            names.ImageRepository.Should().MatchRegex("^[a-z0-9]+(/[a-z0-9]+)*$");
            names.Database.Should().MatchRegex("^[a-z_][a-z0-9_]{0,62}$");
        }
    }

    [Fact]
    public void Deployment_ids_sort_by_time_and_differ()
    {
        var early = AppIds.NewDeployment(DateTimeOffset.UnixEpoch.AddYears(50));
        var late = AppIds.NewDeployment(DateTimeOffset.UnixEpoch.AddYears(50).AddMilliseconds(1));
        string.CompareOrdinal(early, late).Should().BeNegative();
        AppIds.IsWellFormed(early).Should().BeTrue();
        Enumerable.Range(0, 1000).Select(_ => AppIds.New()).Distinct().Should().HaveCount(1000);
    }
}
