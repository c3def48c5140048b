namespace Boottify.IntegrationTests;

/// <summary>The clock of a machine on which it is wrong.</summary>
internal sealed class OffClock(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
}
