using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Boottify.EndToEnd;

[assembly: AssemblyFixture(typeof(Platform))]

namespace Boottify.EndToEnd;

/// <summary>
/// The running platform that <c>ops/up</c> named in <c>.boottify/platform.env</c>. A test takes it by its constructor:
/// <code>
/// await using var app = await platform.CreateAppAsync(SourceRepository.Sample("node-server"));
/// var ended = await app.PushAsync();
/// ended.Status.Should().Be("succeeded");
/// (await app.GetStringAsync("/")).Should().Contain("hello");
/// </code>
/// </summary>
public sealed class Platform : IDisposable
{
    public Platform()
    {
        Url = new Uri(Setting("BOOTTIFY_URL"));
        Token = Setting("BOOTTIFY_TOKEN");
        Team = Setting("BOOTTIFY_TEAM");
        GitUrl = Setting("BOOTTIFY_GIT_URL").TrimEnd('/');
        GitRoot = Setting("BOOTTIFY_GIT_ROOT");
        Api = new HttpClient { BaseAddress = Url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
        Anonymous = new HttpClient { BaseAddress = Url };
        Edge = NewEdgeClient();
    }

    public Uri Url { get; }

    /// <summary>A platform administrator's.</summary>
    public string Token { get; }

    public string Team { get; }

    /// <summary>A bare repository <c>x.git</c> in <see cref="GitRoot"/> is served as <c>{GitUrl}/x.git</c>.</summary>
    public string GitUrl { get; }

    public string GitRoot { get; }

    /// <summary>Sends the administrator's token with each request.</summary>
    public HttpClient Api { get; }

    /// <summary>Sends no credentials: webhooks, health, and proof that the rest refuses.</summary>
    public HttpClient Anonymous { get; }

    /// <summary>Asks apps as a browser would: <c>https://{host}/</c>, verified with BOOTTIFY_CA, whatever the machine's DNS says.</summary>
    public HttpClient Edge { get; }

    /// <summary>Cancelled when the test is, or after ten minutes: a test that hangs is a failed one.</summary>
    public static CancellationToken Deadline()
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(10));
        return deadline.Token;
    }

    /// <summary>A setting of <c>platform.env</c>; the test fails and says what to do when it is missing.</summary>
    public static string Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException(
            $"{name} is not set. Start the platform with ops/up, then: set -a; . .boottify/platform.env; set +a (or run ops/test, which does both).");

    /// <summary>Makes a repository from the files and an app that deploys it. Disposing the app deletes both.</summary>
    /// <param name="files">Path and content of each file; see <see cref="SourceRepository.Sample"/>.</param>
    /// <param name="name">What the user calls the app; may be anything.</param>
    /// <param name="settings">More members of the request's body, such as <c>health</c> or <c>replicas</c>.</param>
    public async Task<DeployableApp> CreateAppAsync(
        IReadOnlyDictionary<string, byte[]> files, string name = "End to end", IReadOnlyDictionary<string, object>? settings = null)
    {
        var source = await SourceRepository.CreateAsync(this, files);
        var body = new Dictionary<string, object>(settings ?? new Dictionary<string, object>())
        {
            ["team"] = Team,
            ["name"] = name,
            ["repository"] = new { url = source.Url, branch = SourceRepository.Branch },
        };
        var created = await Api.PostAsJsonAsync("api/apps", body, Deadline());
        return new DeployableApp(this, source, await created.ReadAsync<CreatedApp>(HttpStatusCode.Created));
    }

    /// <summary>A client of its own connections, for a test that counts or keeps them.</summary>
    public static HttpClient NewEdgeClient()
    {
        var port = int.Parse(Setting("BOOTTIFY_HTTPS_PORT"));
        var trusted = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // The test CA publishes no revocation list.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        trusted.CustomTrustStore.ImportFromPemFile(Setting("BOOTTIFY_CA"));
        return new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trusted },
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, port, ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        { Timeout = TimeSpan.FromSeconds(100) };
    }

    public void Dispose()
    {
        Api.Dispose();
        Anonymous.Dispose();
        Edge.Dispose();
    }
}
