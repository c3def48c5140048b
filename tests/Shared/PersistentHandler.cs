namespace Boottify.Testing;

/// <summary>Repeats what a busy part of the platform answers with a server error, as the platform itself does: a test's own preparations are not what is tested.</summary>
internal sealed class PersistentHandler() : DelegatingHandler(new SocketsHttpHandler())
{
    private const int Tries = 6;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if ((int)answer.StatusCode < 500 || tries == Tries)
                return answer;
            answer.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(500 * tries), cancellationToken);
        }
    }
}
