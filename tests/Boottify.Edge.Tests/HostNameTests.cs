using Boottify.Contracts.Edge;
using Boottify.Edge.Routes;
using FsCheck;
using FsCheck.Fluent;

namespace Boottify.Edge.Tests;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("a.test")]
    [InlineData("a-b.c--d.example")]
    [InlineData("xn--bcher-kva.example")]
    [InlineData("1.2.3.4a")]
    [InlineData("app.boottify.localhost")]
    public void A_lower_case_name_of_labels_is_taken_as_it_is(string text)
    {
        HostName.TryParse(text, out var host, out _).Should().BeTrue();
        host.ToString().Should().Be(text);
    }

    [Fact]
    public void The_longest_names_and_labels_are_taken_and_one_more_character_is_not()
    {
        var label = new string('a', 63);
        var name = string.Join('.', label, label, label, new string('a', 61));
        name.Length.Should().Be(253);
        HostName.TryParse(name, out _, out _).Should().BeTrue();
        HostName.TryParse(name + "a", out _, out _).Should().BeFalse();
        HostName.TryParse($"{label}a.test", out _, out _).Should().BeFalse();
    }

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData("localhost", "single label")]
    [InlineData("a..test", "part")]
    [InlineData(".a.test", "part")]
    [InlineData("a.test.", "dot")]
    [InlineData("A.test", "lower case")]
    [InlineData("*.a.test", "wildcard")]
    [InlineData("bücher.test", "xn--")]
    [InlineData("аpple.test", "xn--")] // The first letter is Cyrillic.
    [InlineData("xn--.test", "hyphen")]
    [InlineData("-a.test", "hyphen")]
    [InlineData("a-.test", "hyphen")]
    [InlineData("127.0.0.1", "address")]
    [InlineData("a.test\n", "character")]
    [InlineData("a.test\r\nserver_name b", "character")]
    [InlineData("a b.test", "character")]
    [InlineData("a;b.test", "character")]
    [InlineData("a\"b.test", "character")]
    [InlineData("a'b.test", "character")]
    [InlineData("a{b.test", "character")]
    [InlineData("$host.test", "character")]
    [InlineData("~^a.test", "character")]
    [InlineData("../../etc/passwd", "part")]
    [InlineData("a/b.test", "character")]
    [InlineData("a\\b.test", "character")]
    [InlineData("a_b.test", "character")]
    [InlineData("a\0b.test", "character")]
    public void A_hostile_or_mistaken_name_is_refused_in_words_that_say_what_to_send(string? text, string word)
    {
        HostName.TryParse(text, out _, out var problem).Should().BeFalse();
        problem.Should().Contain(word).And.Contain("Send");
    }

    [Fact]
    public void Whatever_is_taken_holds_nothing_that_means_something_to_nginx_a_path_or_a_shell()
    {
        // Made of what attackers and typing errors are made of, so that many get past the first checks.
        var harmless = Gen.Elements("a", "b1", "-", ".", ".", "test", "xn--");
        var hostile = Gen.Elements("A", "\n", "\"", "'", ";", "{", "}", "$", "~", "*", "/", "..", "\\", " ", "\0", "ü", "%", "#", "_", new string('x', 63));
        var piece = Gen.Frequency((12, harmless), (1, hostile));
        var names = from length in Gen.Choose(1, 12) from list in piece.ListOf(length) select string.Concat(list);
        var taken = 0;
        Prop.ForAll(names.ToArbitrary(), text =>
        {
            if (!HostName.TryParse(text, out var host, out _)) return true;
            taken++;
            return host.ToString() == text && text.Length <= 253 && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '.') && !text.Contains("..", StringComparison.Ordinal);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
        taken.Should().BeGreaterThan(20, "the property must have been tried on names that are taken");
    }

    [Fact]
    public void Any_text_is_either_taken_unchanged_or_refused_with_a_reason()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
            HostName.TryParse(text, out var host, out var problem) ? host.ToString() == text : problem.Length > 0 && (text is null || text.Length < 4 || !problem.Contains(text, StringComparison.Ordinal)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Theory]
    [InlineData("10.96.0.17:3000", true)]
    [InlineData("127.0.0.1:1", true)]
    [InlineData("10.96.0.17", false)]
    [InlineData("10.96.0.17:0", false)]
    [InlineData("10.96.0.17:65536", false)]
    [InlineData("10.96.0.17:+80", false)]
    [InlineData("10.96.0.17: 80", false)]
    [InlineData("10.96.17:80", false)]
    [InlineData("0x7f.0.0.1:80", false)]
    [InlineData("010.0.0.1:80", false)]
    [InlineData("[::1]:80", false)]
    [InlineData("app.svc:80", false)]
    [InlineData("0.0.0.0:80", false)]
    [InlineData("224.0.0.1:80", false)]
    [InlineData("255.255.255.255:80", false)]
    [InlineData("169.254.169.254:80", false)]
    [InlineData("10.0.0.1:80;", false)]
    [InlineData("10.0.0.1:80\n", false)]
    [InlineData(null, false)]
    public void An_upstream_is_one_machine_and_a_port_written_in_the_one_usual_way(string? text, bool fine)
    {
        Upstream.TryParse(text, out var upstream, out var problem).Should().Be(fine);
        if (fine) upstream.ToString().Should().Be(text);
        else problem.Should().Contain("Send");
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("A")]
    [InlineData("a\n")]
    public void An_app_id_that_is_no_plain_word_is_refused(string appId) =>
        CheckedRoute.Check(new AppRoute(appId, 1, "10.0.0.1:80", [new RouteHost("a.test")])).Problem.Should().Contain("Send");
}
