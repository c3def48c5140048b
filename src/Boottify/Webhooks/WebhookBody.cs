using System.Text.Json;

namespace Boottify.Webhooks;

/// <summary>A webhook's body, read whole, since its signature is over all of it.</summary>
public static class WebhookBody
{
    /// <summary>GitHub's own limit for what it sends, in bytes.</summary>
    private const int Most = 25 * 1024 * 1024;

    /// <param name="most">In bytes. Whoever sends is not known yet, so take no more than there can be need for.</param>
    /// <exception cref="BadHttpRequestException">It is larger.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, int most = Most)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0)
        {
            if (body.Length + read > most)
                throw new BadHttpRequestException($"The body is larger than {most >> 10} KiB.", StatusCodes.Status413PayloadTooLarge);
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
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
