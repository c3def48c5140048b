using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Boottify.Builds;

/// <summary>One message of the streams with which the Docker Engine answers a build or a push.</summary>
internal sealed record EngineMessage
{
    [JsonPropertyName("stream")]
    public string? Stream { get; init; }

    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("progress")]
    public string? Progress { get; init; }

    [JsonPropertyName("error")]
    public string? Error { get; init; }

    [JsonPropertyName("errorDetail")]
    public EngineError? Detail { get; init; }

    [JsonPropertyName("aux")]
    public JsonElement Aux { get; init; }

    /// <summary>Of a build: the image that a stage has ended with. It comes beside the output, so no command can forge it.</summary>
    [JsonIgnore]
    public string? StageImage =>
        Aux.ValueKind == JsonValueKind.Object && Aux.TryGetProperty("ID", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;

    /// <summary>Reads messages as they come. The stream's end without an error message means that all went well.</summary>
    public static async IAsyncEnumerable<EngineMessage> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var message in JsonSerializer.DeserializeAsyncEnumerable<EngineMessage>(stream, topLevelValues: true, cancellationToken: cancellation))
        {
            if (message is not null)
                yield return message;
        }
    }
}

internal sealed record EngineError
{
    [JsonPropertyName("code")]
    public int Code { get; init; }

    [JsonPropertyName("message")]
    public string? Message { get; init; }
}
