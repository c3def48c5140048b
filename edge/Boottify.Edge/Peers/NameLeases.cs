using System.Security.Cryptography;
using Boottify.Edge.Certificates;
using Boottify.Edge.Files;

namespace Boottify.Edge.Peers;

/// <summary>
/// Which edge orders for a name: the one whose lease it is. Taken by one statement, kept by a heartbeat, and over half a minute
/// after its edge died. An edge that was started again on the same disk has its leases still, and goes on with its orders.
/// </summary>
public sealed class NameLeases(SharedDatabase database, EdgeFolders folders, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_releaseTime = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _naming = new(1, 1);
    private string? _node;

    /// <summary>Null while another edge has it.</summary>
    /// <exception cref="PeersAwayException">Nobody can say.</exception>
    public async Task<Lease?> TakeAsync(CertificateName name, CancellationToken cancellation)
    {
        var node = await NodeAsync(cancellation);
        var taken = await database.TellAsync("""
            insert into boottify_edge.leases as held (name, node, until) values ($1, $2, now() + $3)
            on conflict (name) do update set node = excluded.node, until = excluded.until where held.node = excluded.node or held.until < now()
            """, [name.ToString(), node, s_life], cancellation);
        return taken == 1 ? new Lease(this, name.ToString(), node, clock) : null;
    }

    /// <summary>Made once, and kept: no other edge's, as long as no disk was copied on a machine of the same name.</summary>
    public async Task<string> NodeAsync(CancellationToken cancellation)
    {
        if (_node is { } known) return known;
        await _naming.WaitAsync(cancellation);
        try
        {
            var file = Path.Combine(folders.Root, "node");
            var own = File.Exists(file) ? (await File.ReadAllTextAsync(file, cancellation)).Trim() : "";
            if (own.Length == 0) await AtomicFile.WriteAsync(file, own = RandomNumberGenerator.GetHexString(16, lowercase: true), AtomicFile.Private, cancellation);
            return _node = $"{Environment.MachineName}/{own}";
        }
        finally
        {
            _naming.Release();
        }
    }

    private Task<int> RenewAsync(string name, string node, CancellationToken cancellation) =>
        database.TellAsync("update boottify_edge.leases set until = now() + $3 where name = $1 and node = $2", [name, node, s_life], cancellation);

    private Task<int> ReleaseAsync(string name, string node) =>
        database.TellAsync("delete from boottify_edge.leases where name = $1 and node = $2", [name, node], CancellationToken.None, s_releaseTime);

    public void Dispose() => _naming.Dispose();

    /// <summary>This edge's right to order for a name, until it is disposed or lost.</summary>
    public sealed class Lease : IAsyncDisposable
    {
        private readonly NameLeases _leases;
        private readonly string _name;
        private readonly string _node;
        private readonly CancellationTokenSource _ended = new();
        private readonly CancellationTokenSource _lost = new();
        private readonly Task _heartbeat;

        internal Lease(NameLeases leases, string name, string node, TimeProvider clock)
        {
            (_leases, _name, _node) = (leases, name, node);
            _heartbeat = BeatAsync(clock);
        }

        /// <summary>This edge was held still for so long that another one orders by now.</summary>
        public CancellationToken Lost => _lost.Token;

        private async Task BeatAsync(TimeProvider clock)
        {
            using var timer = new PeriodicTimer(s_heartbeat, clock);
            try
            {
                while (await timer.WaitForNextTickAsync(_ended.Token))
                {
                    try
                    {
                        if (await _leases.RenewAsync(_name, _node, _ended.Token) == 1) continue;
                        await _lost.CancelAsync();
                        return;
                    }
                    catch (PeersAwayException)
                    {
                        // The others do not see it either, or will find the certificate when they do: the order goes on.
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // Released.
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await _heartbeat;
            try
            {
                if (!_lost.IsCancellationRequested) await _leases.ReleaseAsync(_name, _node);
            }
            catch (PeersAwayException)
            {
                // It runs out by itself.
            }

            _ended.Dispose();
            _lost.Dispose();
        }
    }
}
