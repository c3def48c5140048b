using System.Diagnostics;
using System.Net;
using CliWrap;
using CliWrap.Buffered;
using DnsClient;

namespace Boottify.IntegrationTests.Dns;

/// <summary>A PowerDNS of the tests' own that takes dynamic updates of one zone, signed with one key: the HTTP interface is off.</summary>
public sealed class OwnNameServer : IAsyncLifetime
{
    public const string Zone = "apps.test";
    public const string KeyName = "boottify";

    /// <summary>A zone that no key may change or transfer.</summary>
    public const string ClosedZone = "closed.test";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("boottify-dns-").FullName;
    private Process? server;

    public int Port { get; private set; }

    public string Key { get; } = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    public async ValueTask InitializeAsync()
    {
        await RunAsync("sqlite3", [Database], PipeSource.FromFile("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"));
        using var end = new CancellationTokenSource(Patience);
        do
        {
            // Whoever takes the port in between makes it end at once: then another one.
            Port = FreePort();
            await File.WriteAllTextAsync(Path.Combine(folder, "pdns.conf"), Configuration, end.Token);
            if (server is null)
                await MakeZonesAsync();
            server?.Dispose();
            server = Process.Start(new ProcessStartInfo("pdns_server", [$"--config-dir={folder}"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            server.OutputDataReceived += (_, _) => { };
            server.ErrorDataReceived += (_, _) => { };
            server.BeginOutputReadLine();
            server.BeginErrorReadLine();
        }
        while (!await AnswersAsync(server, end.Token));
    }

    public async ValueTask DisposeAsync()
    {
        if (server is { HasExited: false })
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        server?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>As any resolver would ask.</summary>
    public async Task<IReadOnlyList<string>> LookUpAsync(string host, QueryType type)
    {
        var answer = await Client().QueryAsync(host, type, cancellationToken: TestContext.Current.CancellationToken);
        return type == QueryType.TXT
            ? [.. answer.Answers.TxtRecords().SelectMany(record => record.Text)]
            : [.. answer.Answers.ARecords().Select(record => record.Address.ToString()).Order(StringComparer.Ordinal)];
    }

    /// <summary>A record that somebody else keeps.</summary>
    /// <param name="host">In <see cref="Zone"/>.</param>
    public Task AddAsync(string host, string type, string content) => UtilityAsync("add-record", Zone, host[..^(Zone.Length + 1)], type, "60", content);

    public static int FreePort() => Testing.FreePorts.Next();

    private string Database => Path.Combine(folder, "zones.db");

    private string Configuration => $"""
        launch=gsqlite3
        gsqlite3-database={Database}
        gsqlite3-pragma-synchronous=0
        local-address=127.0.0.1
        local-port={Port}
        socket-dir={folder}
        dnsupdate=yes
        allow-dnsupdate-from=127.0.0.1
        allow-axfr-ips=
        cache-ttl=0
        negquery-cache-ttl=0
        query-cache-ttl=0
        zone-cache-refresh-interval=0
        daemon=no
        guardian=no
        disable-syslog=yes
        security-poll-suffix=
        """;

    private async Task MakeZonesAsync()
    {
        await UtilityAsync("create-zone", Zone, $"ns1.{Zone}");
        await UtilityAsync("create-zone", ClosedZone, $"ns1.{Zone}");
        await UtilityAsync("import-tsig-key", KeyName, "hmac-sha256", Key);
        await UtilityAsync("import-tsig-key", "stranger", "hmac-sha256", Key);
        await UtilityAsync("set-meta", Zone, "TSIG-ALLOW-DNSUPDATE", KeyName);
        await UtilityAsync("set-meta", Zone, "TSIG-ALLOW-AXFR", KeyName);
        await UtilityAsync("set-meta", ClosedZone, "TSIG-ALLOW-DNSUPDATE", "nobody");
    }

    private async Task<bool> AnswersAsync(Process started, CancellationToken end)
    {
        while (!started.HasExited)
        {
            try
            {
                if ((await Client().QueryAsync(Zone, QueryType.SOA, cancellationToken: end)).Answers.SoaRecords().Any())
                    return true;
            }
            catch (DnsResponseException)
            {
                // Not yet.
            }

            await Task.Delay(50, end);
        }

        return false;
    }

    private LookupClient Client() => new(new LookupClientOptions(new IPEndPoint(IPAddress.Loopback, Port)) { UseCache = false, Recursion = false, Timeout = TimeSpan.FromSeconds(5) });

    private Task UtilityAsync(params string[] arguments) => RunAsync("pdnsutil", [$"--config-dir={folder}", .. arguments], PipeSource.Null);

    private static Task RunAsync(string program, string[] arguments, PipeSource input) =>
        Cli.Wrap(program).WithArguments(arguments).WithStandardInputPipe(input).ExecuteBufferedAsync();
}
