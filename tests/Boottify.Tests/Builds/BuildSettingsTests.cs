using Boottify.Builds;
using Microsoft.Extensions.Configuration;

namespace Boottify.Tests.Builds;

public class BuildSettingsTests
{
    private static readonly Dictionary<string, string?> Needed = new(StringComparer.Ordinal)
    {
        ["BOOTTIFY_DATA"] = "/tmp/boottify-data",
        ["DOCKER_HOST"] = "unix:///run/docker.sock",
        ["BOOTTIFY_REGISTRY"] = "127.0.0.1:5000",
        ["BOOTTIFY_REGISTRY_USER"] = "user",
        ["BOOTTIFY_REGISTRY_PASSWORD"] = "pa55word",
    };

    [Fact]
    public void The_five_needed_names_are_enough()
    {
        var settings = Valid();
        settings.BaseImage.Should().Be("node:20-alpine");
        settings.BuildTimeout.Should().Be(TimeSpan.FromMinutes(10));
        settings.ImageLimitBytes.Should().Be(2L << 30);
        settings.AllowLocalRepositories.Should().BeFalse();
        settings.ToString().Should().NotContain("pa55word");
    }

    [Fact]
    public void Everything_that_is_missing_is_named_at_once_with_what_it_should_hold() =>
        FluentActions.Invoking(() => BuildSettings.From(new ConfigurationBuilder().Build())).Should().Throw<InvalidOperationException>()
            .Which.Message.Should().ContainAll([.. Needed.Keys, "host:port of the private registry"]);

    [Theory]
    [InlineData("DOCKER_HOST", "tcp://127.0.0.1:2375", "*unix:///path*")]
    [InlineData("BOOTTIFY_BUILD_TIMEOUT", "ten minutes", "*positive number of seconds*")]
    [InlineData("BOOTTIFY_PUSH_TIMEOUT", "1000000", "*at most a day*")]
    [InlineData("BOOTTIFY_BUILD_CPUS", "0", "*positive number of processors*")]
    [InlineData("BOOTTIFY_BUILD_MEMORY_MB", "-1", "*positive number of megabytes*")]
    [InlineData("BOOTTIFY_GIT_PRIVATE_SERVERS", "http://127.0.0.1", "*networks, addresses and hosts*")]
    public void A_malformed_value_is_named_with_what_it_should_hold(string name, string value, string message) =>
        FluentActions.Invoking(() => Of((name, value))).Should().Throw<InvalidOperationException>().WithMessage($"*{name} is '{value}'{message}");

    [Fact]
    public void Limits_can_be_set()
    {
        var settings = Of(("BOOTTIFY_BUILD_CPUS", "1.5"), ("BOOTTIFY_BUILD_TIMEOUT", "30"), ("BOOTTIFY_IMAGE_LIMIT_MB", "100"), ("BOOTTIFY_ALLOW_LOCAL_REPOSITORIES", "true"));
        settings.BuildCpus.Should().Be(1.5);
        settings.BuildTimeout.Should().Be(TimeSpan.FromSeconds(30));
        settings.ImageLimitBytes.Should().Be(100 << 20);
        settings.AllowLocalRepositories.Should().BeTrue();
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("0", true)]
    [InlineData("0:1000", true)]
    [InlineData("root", true)]
    [InlineData("node", true)]
    [InlineData("-1", true)]
    [InlineData("1000", false)]
    [InlineData("1000:0", false)]
    public void An_image_runs_as_root_unless_its_user_is_a_number_above_zero(string? user, bool root) =>
        ImageUsers.IsRoot(user).Should().Be(root);

    internal static BuildSettings Valid() => Of();

    internal static BuildSettings Of(params (string Name, string Value)[] more)
    {
        var values = new Dictionary<string, string?>(Needed, StringComparer.Ordinal);
        foreach (var (name, value) in more)
            values[name] = value;
        return BuildSettings.From(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }
}
