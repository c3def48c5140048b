using Boottify.Builds;
using Boottify.Deployments;
using Boottify.Tests.Builds;
using Microsoft.Extensions.Configuration;

namespace Boottify.Tests.Deployments;

public class StepDeadlinesTests
{
    /// <summary>Seconds for a fetch, a build, a push and a rollout.</summary>
    [Theory]
    [InlineData(180, 600, 300, 90)]
    [InlineData(600, 1800, 1200, 900)]
    [InlineData(5, 30, 10, 5)]
    public void A_step_has_more_time_than_what_it_does_is_allowed_to_take(int source, int build, int push, int rollout)
    {
        var deadlines = Of(source, build, push, rollout);
        deadlines.Of(Step.Validate).Should().BeGreaterThan(TimeSpan.FromSeconds(source));
        deadlines.Of(Step.Build).Should().BeGreaterThan(TimeSpan.FromSeconds(source + build), "the commit may have to be fetched anew");
        deadlines.Of(Step.Push).Should().BeGreaterThan(TimeSpan.FromSeconds(push));
        deadlines.Of(Step.Check).Should().BeGreaterThan(TimeSpan.FromSeconds(rollout));
        Enum.GetValues<Step>().Should().OnlyContain(step => deadlines.Of(step) > TimeSpan.Zero && deadlines.Of(step) <= deadlines.Longest);
    }

    [Fact]
    public void The_defaults_contradict_each_other_no_more()
    {
        var builds = BuildSettingsTests.Valid();
        var deadlines = new StepDeadlines(builds, new ConfigurationBuilder().Build());
        deadlines.Of(Step.Validate).Should().BeGreaterThan(builds.SourceTimeout);
        deadlines.Of(Step.Build).Should().BeGreaterThan(builds.SourceTimeout + builds.BuildTimeout);
        deadlines.Of(Step.Push).Should().BeGreaterThan(builds.PushTimeout);
    }

    [Theory]
    [InlineData(Step.Validate, "*did not end within 4 minutes*BOOTTIFY_SOURCE_TIMEOUT*")]
    [InlineData(Step.Build, "*did not end within 15 minutes*BOOTTIFY_BUILD_TIMEOUT*")]
    [InlineData(Step.Push, "*did not end within 6 minutes*BOOTTIFY_PUSH_TIMEOUT*")]
    [InlineData(Step.Check, "*did not end within 5 minutes*BOOTTIFY_ROLLOUT_SECONDS*")]
    [InlineData(Step.Publish, "*did not end within 2 minutes*Deploy again*log*")]
    public void A_missed_deadline_says_what_to_do(Step step, string words) => Of(180, 600, 300, 90).Missed(step).Should().Match(words);

    private static StepDeadlines Of(int source, int build, int push, int rollout) => new(
        BuildSettingsTests.Valid() with
        {
            SourceTimeout = TimeSpan.FromSeconds(source),
            BuildTimeout = TimeSpan.FromSeconds(build),
            PushTimeout = TimeSpan.FromSeconds(push),
        },
        new ConfigurationBuilder().AddInMemoryCollection([new("BOOTTIFY_ROLLOUT_SECONDS", $"{rollout}")]).Build());
}
