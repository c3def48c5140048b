using System.Text.Json;

namespace Boottify.Benchmarks.Edge;

/// <summary>An app with one domain.</summary>
/// <param name="Upstream">IPv4 address and port.</param>
internal sealed record BenchedSite(string AppId, string Host, string Upstream)
{
    public object Route => new { appId = AppId, version = 1, upstream = Upstream, hosts = new[] { new { name = Host, redirectToHttps = true, hsts = false } }, policy = "standard" };
}

/// <summary>An edge's folder that is filled before the edge starts: routes, and certificates that are there already.</summary>
internal sealed class EdgeFolder
{
    // The folder is closed to all but the workers; they read as others what was there before the edge gave it to their group.
    private const UnixFileMode Certificate = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Reachable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public EdgeFolder(string root)
    {
        Root = root;
        Directory.CreateDirectory(Path.Combine(root, "routes"));
        Directory.CreateDirectory(Certificates, Reachable);
    }

    public string Root { get; }
    public string Certificates => Path.Combine(Root, "certificates");
    public int HttpPort { get; } = Ports.Free();
    public int HttpsPort { get; } = Ports.Free();

    /// <summary>What the edge has last given nginx.</summary>
    public string Rendered => Path.GetFullPath(Path.Combine(Root, "nginx", new FileInfo(Path.Combine(Root, "nginx/current")).LinkTarget!));

    /// <summary>nginx on what the edge has last given it.</summary>
    public BenchedNginx Nginx => new(Path.Combine(Root, "nginx"), Path.Combine(Root, "nginx/current/nginx.conf"), Path.Combine(Root, "run/probe.sock"));

    public Uri Https(string host) => new($"https://{host}:{HttpsPort}/");

    public void Add(BenchedSite site, string pem)
    {
        AddCertificate(site.Host, pem);
        File.WriteAllText(Path.Combine(Root, "routes", $"{site.AppId}.json"),
            JsonSerializer.Serialize(new { version = 1, route = site.Route, at = DateTimeOffset.UtcNow }, JsonSerializerOptions.Web));
    }

    public void AddCertificate(string host, string pem)
    {
        using var file = new FileStream(Path.Combine(Certificates, $"{host}.pem"), new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Certificate });
        file.Write(System.Text.Encoding.ASCII.GetBytes(pem));
    }
}
