using Boottify.Cluster.Rollout;

namespace Boottify.Tests.Cluster;

public class RolloutPatienceTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 0, 0, 0, TimeSpan.Zero);
    private readonly RolloutPatience patience = new(TimeSpan.FromSeconds(90), Start);

    [Fact]
    public void It_ends_when_no_pod_gets_ready()
    {
        patience.Saw(0, Start.AddSeconds(80));
        patience.End.Should().Be(Start.AddSeconds(90));
    }

    [Fact]
    public void Each_further_pod_has_as_long_and_one_that_comes_and_goes_brings_nothing()
    {
        patience.Saw(1, Start.AddSeconds(60));
        patience.End.Should().Be(Start.AddSeconds(150));
        patience.Saw(0, Start.AddSeconds(70));
        patience.Saw(1, Start.AddSeconds(80));
        patience.End.Should().Be(Start.AddSeconds(150));
        patience.Saw(2, Start.AddSeconds(140));
        patience.End.Should().Be(Start.AddSeconds(230));
    }

    [Fact]
    public void In_all_it_ends_before_the_step_does_unless_one_pod_was_given_longer()
    {
        for (var ready = 1; ready <= 5; ready++)
            patience.Saw(ready, Start.AddSeconds(80 * ready));
        patience.End.Should().Be(Start.AddMinutes(4.5));
        new RolloutPatience(TimeSpan.FromMinutes(10), Start).End.Should().Be(Start.AddMinutes(10));
    }
}
