using Boottify.Platform;
using Marten;

namespace Boottify.Access;

/// <summary>Makes the first administrator's token, given by <c>BOOTTIFY_TOKEN</c>, known when the platform starts.</summary>
public sealed class BootstrapToken(IDocumentStore store, PlatformSettings settings, TimeProvider time) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.BootstrapToken is not { Length: > 0 } secret)
            return;
        if (!secret.StartsWith(AccessToken.Prefix, StringComparison.Ordinal) || secret.Length < 24)
            throw new InvalidOperationException($"BOOTTIFY_TOKEN must start with {AccessToken.Prefix} and have at least 24 characters.");
        await using var session = store.LightweightSession();
        session.Store(new AccessToken(AccessToken.HashOf(secret), "platform administrator", null, Role.Administrator, time.GetUtcNow()));
        await session.SaveChangesAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
