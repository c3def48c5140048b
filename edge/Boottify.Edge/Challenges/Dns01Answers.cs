using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Boottify.Edge.Acme;
using Boottify.Edge.Dns;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Challenges;

/// <summary>
/// The DNS-01 answers (RFC 8555, 8.4) in the platform's zone. Each is noted on disk before it is written and until it is
/// removed: what a crash, or a name server that was away, has left behind is removed later.
/// </summary>
public sealed class Dns01Answers(ChallengeZone zone, EdgeFolders folders, TimeProvider clock, ILogger<Dns01Answers> log) : BackgroundService
{
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_removal = TimeSpan.FromSeconds(15);
    private readonly ConcurrentDictionary<string, ChallengeRecord> _given = new();

    private string Folder => Path.Combine(folders.Acme, "dns-01");

    /// <summary>Answers, as the name server itself was seen to, until the returned object is disposed.</summary>
    /// <exception cref="AcmeException">The record could not be written.</exception>
    public async Task<IAsyncDisposable> GiveAsync(HostName domain, string keyAuthorization, CancellationToken cancellation)
    {
        var record = new ChallengeRecord($"_acme-challenge.{domain}", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization))));
        var note = Path.Combine(Folder, $"{record.Value}.json");
        _given[note] = record;
        var answer = new Answer(() => EndAsync(note, record));
        try
        {
            Directory.CreateDirectory(Folder);
            await AtomicFile.WriteAsync(note, JsonSerializer.Serialize(record), AtomicFile.Private, cancellation);
            await zone.AddAsync(record, cancellation);
            return answer;
        }
        catch (Exception e)
        {
            await answer.DisposeAsync();
            if (e is not (HttpRequestException or TimeoutException)) throw;
            throw AcmeException.Ours($"The TXT record {record.Name}, which proves the domain, could not be published: {e.Message}", e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_sweep, clock);
        do
        {
            try
            {
                foreach (var note in Directory.Exists(Folder) ? Directory.GetFiles(Folder, "*.json") : [])
                    if (!_given.ContainsKey(note)) await RemoveLeftAsync(note, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("A challenge's record that was left behind cannot be removed yet: {Reason}", e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task RemoveLeftAsync(string note, CancellationToken cancellation)
    {
        ChallengeRecord? left = null;
        try
        {
            left = JsonSerializer.Deserialize<ChallengeRecord>(await File.ReadAllTextAsync(note, cancellation));
        }
        catch (JsonException)
        {
            // No note of ours: it says nothing to remove.
        }

        if (left is not null) await zone.RemoveAsync(left, cancellation);
        File.Delete(note);
        log.LogInformation("A challenge's record that was left behind is removed: {Note}", Path.GetFileName(note));
    }

    private async Task EndAsync(string note, ChallengeRecord record)
    {
        using var deadline = new CancellationTokenSource(s_removal, clock);
        try
        {
            await zone.RemoveAsync(record, deadline.Token);
            File.Delete(note);
        }
        catch (Exception e)
        {
            log.LogWarning("The TXT record {Name} is left for later removal: {Reason}", record.Name, e.Message);
        }
        finally
        {
            _given.TryRemove(note, out _);
        }
    }

    private sealed class Answer(Func<Task> end) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await end();
    }
}
