using System.Text.Json;
using Docker.DotNet;

namespace Boottify.Builds;

/// <summary>The engine's refusals, without their JSON around.</summary>
internal static class EngineErrors
{
    public static string Words(DockerApiException fault)
    {
        try
        {
            using var body = JsonDocument.Parse(fault.ResponseBody ?? "");
            return body.RootElement.TryGetProperty("message", out var message) ? message.GetString() ?? "" : fault.ResponseBody ?? "";
        }
        catch (JsonException)
        {
            return $"the Docker Engine answered {(int)fault.StatusCode}";
        }
    }
}
