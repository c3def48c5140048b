using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Boottify.Contracts.Edge;
using Boottify.Edge.Files;

namespace Boottify.Edge.Tests.Support;

/// <summary>The edge as a process of its own, with its own nginx, certificate authority, ports and folder. All gone afterwards.</summary>
internal sealed class RunningEdge : IAsyncDisposable
{
    public const string Token = "the-tests-own-token";
    private readonly string _folder = Directory.CreateTempSubdirectory("boottify-edge-").FullName;
    private readonly int _adminPort = Needed.FreePort();
    private Daemon? _edge;
    private X509Certificate2? _root;
    private static int s_apps;

    private readonly bool _ownsPebble;

    private RunningEdge(Zone zone, RunningEdge? beside)
    {
        Zone = zone;
        _ownsPebble = beside is null;
        // Workers pass through it to the certificates; temp folders are closed to others by default.
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        Templates = Path.Combine(_folder, "templates");
        Directory.CreateDirectory(Templates);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "nginx-templates")))
            File.Copy(file, Path.Combine(Templates, Path.GetFileName(file)));
        Pebble = beside?.Pebble ?? new Pebble(_folder, HttpPort);
        AcmeDirectory = beside?.AcmeDirectory ?? Pebble.Directory;
        Admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_adminPort}/") };
        Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public Zone Zone { get; }
    public Pebble Pebble { get; }

    /// <summary>Pebble's, or that of the proxy in front of it.</summary>
    public Uri AcmeDirectory { get; private set; }

    public HttpClient Admin { get; }
    public string Templates { get; }
    public int HttpPort { get; } = Needed.FreePort();
    public int HttpsPort { get; } = Needed.FreePort();
    public string Data => Path.Combine(_folder, "data");
    public string Said => _edge?.Said ?? "";

    /// <param name="settings">Further environment of the edge.</param>
    /// <param name="umask">What the edge is started under, as a shell takes it.</param>
    /// <param name="beside">Another edge, whose authority this one asks, too: that verifies names at the other one's nginx alone.</param>
    public static async Task<RunningEdge> StartAsync(
        Zone zone, Dictionary<string, string>? knobs = null, Dictionary<string, string>? settings = null, Dictionary<string, object>? pebble = null, FaultyProxy? inFront = null, RunningEdge? beside = null,
        string? umask = null)
    {
        var edge = new RunningEdge(zone, beside);
        try
        {
            if (beside is null) await edge.Pebble.StartAsync(knobs, pebble);
            if (inFront is not null)
            {
                await inFront.StartAsync(edge.Pebble);
                edge.AcmeDirectory = inFront.Directory;
            }

            await edge.StartProcessAsync(settings, umask);
            return edge;
        }
        catch
        {
            await edge.DisposeAsync(); // Nobody else has it yet.
            throw;
        }
    }

    public async Task StartProcessAsync(Dictionary<string, string>? settings = null, string? umask = null)
    {
        var environment = new Dictionary<string, string>(settings ?? [])
        {
            ["BOOTTIFY_EDGE_LISTEN"] = $"http://127.0.0.1:{_adminPort}",
            ["BOOTTIFY_EDGE_TOKEN"] = Token,
            ["BOOTTIFY_EDGE_DATA"] = Data,
            ["BOOTTIFY_NGINX"] = Needed.Setting("BOOTTIFY_NGINX"),
            ["BOOTTIFY_NGINX_TEMPLATES"] = Templates,
            ["BOOTTIFY_HTTP_PORT"] = $"{HttpPort}",
            ["BOOTTIFY_HTTPS_PORT"] = $"{HttpsPort}",
        };
        environment.TryAdd("BOOTTIFY_ACME_DIRECTORY", AcmeDirectory.AbsoluteUri);
        environment.TryAdd("BOOTTIFY_ACME_CA", Pebble.Ca);
        environment.TryAdd("BOOTTIFY_ACME_LIMITS", "off");
        environment.TryAdd("BOOTTIFY_PDNS_URL", ""); // The platform's own, which the tests were started with: no wildcard unless a test wants one.
        var program = Path.Combine(AppContext.BaseDirectory, "Boottify.Edge.dll");
        _edge = umask is null ? new Daemon("dotnet", [program], environment) : new Daemon("/bin/sh", ["-c", $"umask {umask}; exec dotnet \"$0\"", program], environment);
        await _edge.UntilAsync(async cancellation => (await Admin.GetAsync("health/ready", cancellation)).IsSuccessStatusCode, "the edge");
    }

    public Task StopProcessAsync() => _edge!.TerminateAsync();

    public Task KillProcessAsync() => _edge!.KillAsync();

    public static string NewAppId() => $"app{Interlocked.Increment(ref s_apps)}";

    /// <summary>A name in the tests' zone that no other test has.</summary>
    public string NewHost() => $"host{Interlocked.Increment(ref s_apps)}.{Zone.Name}";

    public Task<HttpResponseMessage> PutAsync(AppRoute route) => Admin.PutAsJsonAsync($"v1/routes/{route.AppId}", route);

    /// <summary>Puts a route and expects that nginx serves it; again, as the control plane does, while nginx is slow to take it.</summary>
    public async Task<RouteStatus> ServeAsync(AppRoute route)
    {
        using var answer = await TakenAsync(() => PutAsync(route));
        answer.StatusCode.Should().Be(HttpStatusCode.OK, "{0}\n{1}", await answer.Content.ReadAsStringAsync(), Said);
        return (await answer.Content.ReadFromJsonAsync<RouteStatus>())!;
    }

    public async Task WithdrawAsync(string appId, long version)
    {
        using var answer = await TakenAsync(() => Admin.DeleteAsync($"v1/routes/{appId}?version={version}"));
        answer.StatusCode.Should().Be(HttpStatusCode.NoContent, "{0}\n{1}", await answer.Content.ReadAsStringAsync(), Said);
    }

    /// <summary>Once nginx had the time to take it, which a busy machine may not leave it at once.</summary>
    private static async Task<HttpResponseMessage> TakenAsync(Func<Task<HttpResponseMessage>> change)
    {
        var answer = await change();
        for (var tries = 1; tries < 6 && answer.StatusCode == HttpStatusCode.ServiceUnavailable && (await answer.Content.ReadAsStringAsync()).Contains("did not take generation", StringComparison.Ordinal); tries++)
        {
            answer.Dispose();
            answer = await change();
        }

        return answer;
    }

    /// <summary>Serves a new app with one new host, until its certificate is active.</summary>
    public async Task<(AppRoute Route, string Host)> ServeNewAsync(TenantApp app)
    {
        var host = NewHost();
        var route = new AppRoute(NewAppId(), 1, app.Upstream, [new RouteHost(host)]);
        await ServeAsync(route);
        await ActiveAsync(route.AppId);
        return (route, host);
    }

    public async Task<RouteStatus> StatusAsync(string appId, int wait = 0) => (await Admin.GetFromJsonAsync<RouteStatus>($"v1/routes/{appId}?wait={wait}"))!;

    public async Task<RouteStatus> ActiveAsync(string appId)
    {
        var status = await StatusAsync(appId, 60);
        for (var looks = 1; looks < 3 && status.Hosts.Any(host => host.Certificate is CertificateState.Pending or CertificateState.Issuing); looks++) status = await StatusAsync(appId, 60);
        status.Hosts.Should().OnlyContain(host => host.Certificate == CertificateState.Active, "{0}\n{1}", Said, Pebble.Said);
        return status;
    }

    public string CertificateFile(string host) => Path.Combine(Data, "certificates", $"{host}.pem");

    public string Generation => Path.GetFileName(new FileInfo(Path.Combine(Data, "nginx/current")).LinkTarget!);

    public int NginxPid => int.Parse(File.ReadAllText(Path.Combine(Data, "nginx/nginx.pid")).Trim());

    /// <summary>Pids of nginx's workers: a reload makes new ones.</summary>
    public IReadOnlyList<int> Workers => [.. File.ReadAllText($"/proc/{NginxPid}/task/{NginxPid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    /// <summary>The workers once a reload is over, its old ones' end too. No reload since: those of later are among them.</summary>
    public async Task<IReadOnlyList<int>> SettledWorkersAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var (workers, same) = (Workers, 0);
        while (same < 5)
        {
            await Task.Delay(100, deadline.Token);
            var now = Workers;
            same = now.SequenceEqual(workers) && !now.Any(IsLeaving) ? same + 1 : 0;
            workers = now;
        }

        return workers;

        static bool IsLeaving(int worker)
        {
            try
            {
                return File.ReadAllText($"/proc/{worker}/cmdline").Contains("shutting down", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    /// <summary>A browser as it were: believes this Pebble's root alone, and asks loopback whatever the name.</summary>
    /// <param name="at">Another address to ask.</param>
    public async Task<HttpClient> BrowserAsync(bool keepAlive = true, IPAddress? at = null)
    {
        _root ??= await Pebble.RootAsync();
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_root);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            PooledConnectionLifetime = keepAlive ? Timeout.InfiniteTimeSpan : TimeSpan.Zero,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, AllowTlsResume = false },
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(at ?? IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
    }

    public Uri Https(string host, string path = "/") => new($"https://{host}:{HttpsPort}{path}");

    public Uri Http(string host, string path = "/") => new($"http://{host}:{HttpPort}{path}");

    /// <summary>Serial of what a handshake for that name shows.</summary>
    public async Task<string> ServedSerialAsync(string serverName)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, HttpsPort);
        await using var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = serverName, AllowTlsResume = false });
        return new X509Certificate2(tls.RemoteCertificate!).SerialNumber;
    }

    public async ValueTask DisposeAsync()
    {
        if (_edge is not null) await _edge.DisposeAsync();
        var pid = Path.Combine(Data, "nginx/nginx.pid");
        if (File.Exists(pid))
        {
            var number = NginxPid;
            foreach (var process in Workers.Append(number)) Posix.Signal(process, Posix.Terminate);
            while (Directory.Exists($"/proc/{number}") && File.Exists(pid)) await Task.Delay(20);
        }

        if (_ownsPebble) await Pebble.DisposeAsync();
        Admin.Dispose();
        _root?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
