namespace Boottify.Benchmarks.Edge;

/// <summary>The usual configuration: a file for each domain, with a server for plain HTTP, a server for HTTPS and its own certificate.</summary>
internal sealed class ClassicFolder
{
    private readonly string root;
    private readonly int httpPort = Ports.Free();
    private readonly int httpsPort = Ports.Free();

    /// <param name="tls">The TLS settings, the same as the edge's.</param>
    public ClassicFolder(string root, string tls)
    {
        this.root = root;
        Directory.CreateDirectory(Path.Combine(root, "sites"));
        Directory.CreateDirectory(Path.Combine(root, "certificates"));
        File.Copy(tls, Path.Combine(root, "tls.conf"));
        File.WriteAllText(Path.Combine(root, "nginx.conf"), BenchedNginx.Frame(root, $$"""
              server_names_hash_max_size 131072;
              server_names_hash_bucket_size 512;
              include tls.conf;
              server {
                listen unix:{{Probe}};
                location = /generation { return 200 "1"; }
              }
              include sites/*.conf;
            """));
    }

    private string Probe => Path.Combine(root, "probe.sock");

    public BenchedNginx Nginx => new(root, Path.Combine(root, "nginx.conf"), Probe);

    public Uri Https(string host) => new($"https://{host}:{httpsPort}/");

    public void Add(BenchedSite site, string pem)
    {
        var certificate = Path.Combine(root, "certificates", $"{site.Host}.pem");
        File.WriteAllText(certificate, pem);
        File.WriteAllText(Path.Combine(root, "sites", $"{site.Host}.conf"), $$"""
            server {
              listen 127.0.0.1:{{httpPort}};
              server_name {{site.Host}};
              return 308 https://$host:{{httpsPort}}$request_uri;
            }
            server {
              listen 127.0.0.1:{{httpsPort}} ssl http2;
              server_name {{site.Host}};
              ssl_certificate {{certificate}};
              ssl_certificate_key {{certificate}};
              location / {
                proxy_pass http://{{site.Upstream}};
                proxy_set_header Host $host;
              }
            }
            """);
    }
}
