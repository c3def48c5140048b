using System.Text.Json;

namespace Boottify.Webhooks;

/// <summary>A webhook's body, read whole, since its signature is over all of it.</summary>
public static class WebhookBody
{
    /// <summary>Of which many may come at once, in bytes.</summary>
    public const int Small = 1 << 20;

    /// <summary>GitHub's own limit for what it sends, in bytes.</summary>
    private const int Most = 25 << 20;

    /// <summary>What is large by then holds up others that are.</summary>
    private static readonly TimeSpan PatienceWithLarge = TimeSpan.FromSeconds(30);

    /// <param name="most">In bytes. Whoever sends is not known yet, so take no more than there can be need for.</param>
    /// <exception cref="BadHttpRequestException">It is larger.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, int most)
    {
        using var body = new MemoryStream();
        return await FillAsync(body, request.Body, most, request.HttpContext.RequestAborted)
            ? body.ToArray()
            : throw TooLarge(most);
    }

    /// <summary>As large as GitHub may send it: what is beyond <see cref="Small"/> waits for its turn.</summary>
    /// <exception cref="BadHttpRequestException">It is larger, or does not come within half a minute.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, LargeBodyTurns large)
    {
        using var body = new MemoryStream();
        if (await FillAsync(body, request.Body, Small, request.HttpContext.RequestAborted))
            return body.ToArray();

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(request.HttpContext.RequestAborted);
        limit.CancelAfter(PatienceWithLarge);
        try
        {
            using var turn = await large.TakeAsync(limit.Token);
            return await FillAsync(body, request.Body, Most, limit.Token)
                ? body.ToArray()
                : throw TooLarge(Most);
        }
        catch (OperationCanceledException e) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException("The body did not come in time, or too many large ones came at once. Send it again.", StatusCodes.Status503ServiceUnavailable, e);
        }
    }

    private static BadHttpRequestException TooLarge(int most) => new($"The body is larger than {most >> 10} KiB.", StatusCodes.Status413PayloadTooLarge);

    /// <returns>False once there is more than <paramref name="most"/> bytes; all that was read is in the body.</returns>
    private static async Task<bool> FillAsync(MemoryStream body, Stream from, int most, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, cancellation)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > most)
                return false;
        }

        return true;
    }

    /// <returns>Null if it is not a JSON object of this form.</returns>
    public static T? Parse<T>(byte[] body)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(body, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
