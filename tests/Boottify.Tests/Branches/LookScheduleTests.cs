using Boottify.Branches;
using Microsoft.Extensions.Configuration;

namespace Boottify.Tests.Branches;

public class LookScheduleTests
{
    private static readonly LookSchedule Schedule = new(TimeSpan.FromMinutes(5));

    [Fact]
    public void Looks_vary_around_the_interval()
    {
        Schedule.Next(0).Should().Be(TimeSpan.FromSeconds(270));
        Schedule.Next(1).Should().Be(TimeSpan.FromSeconds(330));
    }

    [Fact]
    public void A_delivery_gets_a_minute_to_arrive_and_no_longer_than_the_interval()
    {
        Schedule.Soon(0).Should().Be(TimeSpan.FromMinutes(1));
        new LookSchedule(TimeSpan.FromSeconds(2)).Soon(0).Should().Be(TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(6, 32)]
    [InlineData(7, 60)]
    [InlineData(int.MaxValue, 60)]
    public void Failed_looks_come_again_after_a_time_that_doubles_up_to_an_hour(int failures, int minutes)
    {
        LookSchedule.AfterFailure(failures, 0).Should().Be(TimeSpan.FromMinutes(minutes));
        LookSchedule.AfterFailure(failures, 1).Should().Be(TimeSpan.FromMinutes(minutes) * 1.2);
    }

    [Theory]
    [InlineData(null, 300)]
    [InlineData("2.5", 2.5)]
    [InlineData("0", 0)]
    public void The_setting_is_in_seconds(string? setting, double seconds)
    {
        var read = Read(setting);
        read.Every.Should().Be(TimeSpan.FromSeconds(seconds));
        read.Off.Should().Be(seconds == 0);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("often")]
    public void What_is_no_time_is_refused_by_name(string setting) =>
        FluentActions.Invoking(() => Read(setting)).Should().Throw<InvalidOperationException>().WithMessage("*BOOTTIFY_HEADS_EVERY*");

    private static LookSchedule Read(string? setting) =>
        LookSchedule.From(new ConfigurationBuilder().AddInMemoryCollection([new("BOOTTIFY_HEADS_EVERY", setting)]).Build());
}
