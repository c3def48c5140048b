using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;
using Fluid;

namespace Boottify.Edge.Nginx;

/// <summary>
/// Renders what nginx reads, from the templates and the routes. The routes come as types that hold validated tokens only
/// (<see cref="HostName"/>, <see cref="Upstream"/>): no word of a tenant reaches a file in any other way.
/// </summary>
public sealed class NginxConfiguration(EdgeSettings settings, EdgeFolders folders)
{
    /// <summary>
    /// A block gives an upstream idle connections, but costs each worker 14 KB and the start 80 µs, which at thousands would
    /// make reloads slow (see ops/adr/0004). Past this number, apps are proxied by address, a connection for each request.
    /// </summary>
    public const int MostUpstreamBlocks = 384;

    private const string GenerationPlaceholder = "@generation@";

    private static readonly FluidParser s_parser = new();

    /// <summary>A misspelt name is an error, not an empty word in nginx's configuration.</summary>
    private static readonly TemplateOptions s_options = new() { StrictVariables = true };

    /// <summary>A rendered configuration without its number.</summary>
    /// <param name="Files">Name → text.</param>
    /// <param name="Fingerprint">The same for two that differ in nothing.</param>
    public sealed record Rendered(IReadOnlyDictionary<string, string> Files, string Fingerprint)
    {
        public IEnumerable<(string Name, string Text)> Numbered(long generation) =>
            Files.Select(file => (file.Key, file.Value.Replace(GenerationPlaceholder, generation.ToString(), StringComparison.Ordinal)));
    }

    /// <summary>The templates are read each time, so that a corrected one is used by the next change.</summary>
    /// <exception cref="NginxRefusedException">A template is missing or cannot be parsed.</exception>
    public async Task<Rendered> RenderAsync(IReadOnlyList<CheckedRoute> routes, CancellationToken cancellation)
    {
        var context = new TemplateContext(s_options); // One for all files: the hosts are made ready for printing once.
        foreach (var (word, value) in Values(routes)) context.SetValue(word, value);
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in (string[])["nginx.conf", "tls.conf", "limits.conf", "challenges.conf", "target.conf", "refused.conf", "buffered.conf", "proxy.conf", "tables.conf"])
            files[name] = await RenderAsync(name, context, cancellation);
        foreach (var policy in PolicyClass.All)
        {
            context.SetValue("names", routes.Where(route => route.Policy == policy.Policy).SelectMany(route => route.Hosts).Select(host => host.Name.ToString()).ToArray());
            context.SetValue("class_name", policy.Name);
            files[$"names-{policy.Name}.conf"] = await RenderAsync("names.conf", context, cancellation);
        }

        var all = string.Join('\0', files.Select(file => $"{file.Key}\0{file.Value}"));
        return new Rendered(files, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all))));
    }

    private Dictionary<string, object> Values(IReadOnlyList<CheckedRoute> routes)
    {
        var blocks = routes.Select(route => route.Upstream).Distinct().Take(MostUpstreamBlocks).ToHashSet();
        var hosts = routes.SelectMany(route => route.Hosts.Select(host => new Dictionary<string, object>
        {
            ["name"] = host.Name.ToString(),
            ["upstream"] = blocks.Contains(route.Upstream) ? route.Upstream.BlockName : route.Upstream.ToString(),
        })).ToArray();
        return new Dictionary<string, object>
        {
            ["generation"] = GenerationPlaceholder,
            ["user"] = Posix.IsRoot ? settings.NginxUser : "",
            ["root"] = folders.Nginx,
            ["certificates"] = folders.Certificates,
            ["fresh"] = folders.Fresh,
            ["probe_socket"] = folders.ProbeSocket,
            ["challenge_socket"] = folders.ChallengeSocket,
            ["addresses"] = settings.ListenAddresses.Select(address => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}").ToArray(),
            ["http_port"] = settings.HttpPort,
            ["https_port"] = settings.HttpsPort,
            ["http_port_suffix"] = settings.HttpPort == 80 ? "" : $":{settings.HttpPort}",
            ["https_port_suffix"] = settings.HttpsPort == 443 ? "" : $":{settings.HttpsPort}",
            ["client_requests"] = settings.RequestsPerClient,
            ["app_requests"] = settings.RequestsPerApp,
            // Twice the names keeps nginx's search for a hash size short.
            ["hash_size"] = Math.Max(1024, 2 * hosts.Length),
            ["classes"] = PolicyClass.All.Select(policy => new Dictionary<string, object>
            {
                ["name"] = policy.Name,
                ["body_megabytes"] = policy.BodyMegabytes,
                ["buffers_requests"] = policy.BuffersSmallBodies,
            }).ToArray(),
            ["hosts"] = hosts,
            ["plain_hosts"] = routes.SelectMany(route => route.Hosts).Where(host => !host.RedirectToHttps).Select(host => host.Name.ToString()).ToArray(),
            ["hsts_hosts"] = routes.SelectMany(route => route.Hosts).Where(host => host.Hsts).Select(host => host.Name.ToString()).ToArray(),
            ["upstream_blocks"] = blocks.Select(upstream => new Dictionary<string, object>
            {
                ["name"] = upstream.BlockName,
                ["address"] = upstream.ToString(),
            }).ToArray(),
        };
    }

    private async Task<string> RenderAsync(string name, TemplateContext context, CancellationToken cancellation)
    {
        var file = Path.Combine(settings.Templates, name + ".liquid");
        if (!File.Exists(file)) throw new NginxRefusedException($"The template {file} is missing. Put it back, or set BOOTTIFY_NGINX_TEMPLATES.");
        if (!s_parser.TryParse(await File.ReadAllTextAsync(file, cancellation), out var template, out var problem)) throw Unusable(file, problem);
        try
        {
            return await template.RenderAsync(context);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Unusable(file, e.Message);
        }
    }

    private static NginxRefusedException Unusable(string file, string problem) => new($"The template {file} cannot be rendered: {problem}");
}

/// <summary>nginx, or what it would have been given, refused a configuration; the last good one serves on.</summary>
/// <param name="message">What nginx said.</param>
/// <param name="mayPass">Not the configuration is to blame, as far as anybody knows: the same may be taken later.</param>
public sealed class NginxRefusedException(string message, bool mayPass = false) : Exception(message)
{
    public bool MayPass => mayPass;
}
