using Boottify.Edge.Nginx;
using Microsoft.Extensions.Time.Testing;

namespace Boottify.Edge.Tests;

public sealed class RetryPauseTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Pauses_grow_to_a_minute_and_a_half_at_most()
    {
        var pause = new RetryPause(_clock);
        var (shortest, longest) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
        for (var failures = 0; failures < 40; failures++)
        {
            pause.Failed();
            _clock.Advance(shortest - TimeSpan.FromMilliseconds(1));
            pause.IsOver.Should().BeFalse();
            _clock.Advance(longest - shortest + TimeSpan.FromMilliseconds(1));
            pause.IsOver.Should().BeTrue();
            (shortest, longest) = (Least(shortest * 2, TimeSpan.FromSeconds(30)), Least(longest * 2, TimeSpan.FromSeconds(90)));
        }
    }

    [Fact]
    public void Without_a_failure_that_may_pass_there_is_nothing_to_try_again()
    {
        var pause = new RetryPause(_clock);
        pause.IsOver.Should().BeFalse();
        pause.Failed();
        pause.Forget();
        _clock.Advance(TimeSpan.FromHours(1));
        pause.IsOver.Should().BeFalse();
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
