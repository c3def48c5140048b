namespace Boottify.Housekeeping.Kinds;

/// <summary>
/// One kind of thing in the outside world: listing it, removing one, putting one back. All three may be repeated, and a crash
/// half-way is made good by the next run. One is made for each run, and remembers what it has listed.
/// </summary>
internal abstract class Keeper
{
    public abstract Kind Kind { get; }

    /// <summary>Each app that serves has one of these, so its absence is a finding too.</summary>
    public virtual bool EachAppHasOne => false;

    /// <summary>All there are, as far as this platform can see; or a fault, and then nothing of the kind is touched.</summary>
    public abstract Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation);

    /// <summary>One of those that were listed, as it is now; null if it is gone. Asked right before it is put right, where that depends on what it is like.</summary>
    public virtual Task<Found?> LookAgainAsync(Found found, CancellationToken cancellation) => Task.FromResult<Found?>(found);

    /// <returns>Null once it is gone; else what still holds it.</returns>
    public abstract Task<string?> RemoveAsync(Found found, CancellationToken cancellation);

    /// <returns>Null once it is put back, or on its way; else why not.</returns>
    public virtual Task<string?> RestoreAsync(KnownApp app, DateTimeOffset asOf, CancellationToken cancellation) =>
        throw new NotSupportedException($"Nothing of the kind {Kind} is put back.");
}
