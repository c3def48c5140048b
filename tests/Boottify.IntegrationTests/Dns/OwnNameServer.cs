using System.Diagnostics;
using System.Net;
using CliWrap;
using CliWrap.Buffered;
using DnsClient;

namespace Boottify.IntegrationTests.Dns;

/// <summary>A real name server of the tests' own that takes dynamic updates of one zone, signed with one key; ended with the tests.</summary>
public abstract class OwnNameServer : IAsyncLifetime
{
    public const string Zone = "apps.test";
    public const string KeyName = "boottify";

    /// <summary>A key that the server knows and that may do nothing.</summary>
    public const string StrangerName = "stranger";

    /// <summary>A zone that no key may change or transfer.</summary>
    public const string ClosedZone = "closed.test";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PatienceOfTry = TimeSpan.FromMinutes(1);

    private OwnProcess? server;

    public int Port { get; private set; }

    public string Key { get; } = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    protected string Folder { get; } = Directory.CreateTempSubdirectory("boottify-dns-").FullName;

    public async ValueTask InitializeAsync()
    {
        await MakeZonesAsync();
        using var end = new CancellationTokenSource(Patience);
        do
        {
            // Whoever takes the port in between makes it end at once, or listen to nobody: then another one.
            await StopAsync();
            Port = FreePort();
            server = new OwnProcess(await ConfigureAsync(end.Token));
        }
        while (!await AnswersAsync(server, end.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>As any resolver would ask.</summary>
    public async Task<IReadOnlyList<string>> LookUpAsync(string host, QueryType type)
    {
        var answer = await Client().QueryAsync(host, type, cancellationToken: TestContext.Current.CancellationToken);
        return type == QueryType.TXT
            ? [.. answer.Answers.TxtRecords().SelectMany(record => record.Text)]
            : [.. answer.Answers.AddressRecords().Select(record => record.Address.ToString()).Order(StringComparer.Ordinal)];
    }

    /// <summary>A record that somebody else keeps.</summary>
    /// <param name="host">In <see cref="Zone"/>.</param>
    public abstract Task AddAsync(string host, string type, string content);

    public static int FreePort() => Testing.FreePorts.Next();

    /// <summary>Before the first start.</summary>
    protected abstract Task MakeZonesAsync();

    /// <returns>How to start it on <see cref="Port"/>.</returns>
    protected abstract Task<ProcessStartInfo> ConfigureAsync(CancellationToken cancellation);

    protected static Task RunAsync(string program, string[] arguments, PipeSource input) =>
        Cli.Wrap(program).WithArguments(arguments).WithStandardInputPipe(input).ExecuteBufferedAsync();

    private async Task StopAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        server = null;
    }

    private async Task<bool> AnswersAsync(OwnProcess started, CancellationToken end)
    {
        for (var began = Stopwatch.GetTimestamp(); !started.HasExited && Stopwatch.GetElapsedTime(began) < PatienceOfTry;)
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
}
