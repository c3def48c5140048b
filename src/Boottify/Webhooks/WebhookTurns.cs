using Boottify.Platform;

namespace Boottify.Webhooks;

/// <summary>
/// A burst of deliveries waits here in line, not for a connection to the database, which would give up on some of them. Taken
/// once a body is in: whoever sends slowly keeps nobody waiting.
/// </summary>
public sealed class WebhookTurns() : Turns(AtOnce)
{
    private const int AtOnce = 32;
}

/// <summary>Large bodies, a few at a time: whoever sends one is not known before it is whole, and memory is not strangers' to fill.</summary>
public sealed class LargeBodyTurns() : Turns(AtOnce)
{
    private const int AtOnce = 4;
}
