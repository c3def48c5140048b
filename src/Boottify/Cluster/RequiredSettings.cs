namespace Boottify.Cluster;

/// <summary>Reads settings by their environment names and remembers what is missing, so that one message names it all.</summary>
internal sealed class RequiredSettings(IConfiguration configuration)
{
    private readonly List<string> missing = [];

    public string Read(string name, string meaning)
    {
        var value = configuration[name];
        if (!string.IsNullOrWhiteSpace(value))
            return value.Trim();
        missing.Add($"{name} ({meaning})");
        return "";
    }

    public string? Optional(string name) => configuration[name] is { Length: > 0 } value ? value.Trim() : null;

    /// <exception cref="InvalidOperationException">Something is missing; names each setting and what it is for.</exception>
    public void ThrowIfMissing()
    {
        if (missing.Count > 0)
        {
            throw new InvalidOperationException(
                $"Not set: {string.Join(", ", missing)}. `ops/up` writes these to .boottify/services.env and .boottify/platform.env; ops/README.md explains them.");
        }
    }

    /// <summary>An address of the form <c>host:port</c>.</summary>
    /// <exception cref="InvalidOperationException">It has another form.</exception>
    public static (string Host, int Port) HostAndPort(string name, string value)
    {
        var colon = value.LastIndexOf(':');
        return colon > 0 && int.TryParse(value.AsSpan(colon + 1), out var port) && port is > 0 and < 65536
            ? (value[..colon].Trim('[', ']'), port)
            : throw new InvalidOperationException($"{name} is '{value}', expected host:port.");
    }

    /// <exception cref="InvalidOperationException">It is no absolute http or https URL.</exception>
    public static Uri HttpUrl(string name, string value) =>
        Uri.TryCreate(value.TrimEnd('/') + '/', UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new InvalidOperationException($"{name} is '{value}', expected an http or https URL.");
}
