using System.Collections.Concurrent;
using System.Threading.Channels;
using Marten;
using Npgsql;

namespace Boottify.Platform;

/// <summary>
/// Tells readers on every node that something about a topic (a deployment's id, or <see cref="Queue"/>) has been committed.
/// Carried by PostgreSQL's NOTIFY, sent in the transaction that it tells of. A wake-up says "look", never what there is to
/// see: readers read the store, and look by themselves from time to time, so a lost one costs time only.
/// </summary>
public sealed class Wakeups(NpgsqlDataSource database, ILogger<Wakeups> log) : BackgroundService
{
    /// <summary>The topic of the deployment queue.</summary>
    public const string Queue = "queue";

    /// <summary>The topic of apps that are to be removed.</summary>
    public const string Removals = "removals";

    /// <summary>The topic of custom domains.</summary>
    public const string Domains = "domains";

    /// <summary>What PostgreSQL calls the channel.</summary>
    public const string ChannelName = "boottify";

    private readonly ConcurrentDictionary<Subscription, byte> subscriptions = new();

    /// <summary>Wakes the topic's readers when the session's transaction commits.</summary>
    /// <param name="topic">An id of ours or <see cref="Queue"/>: NOTIFY takes no parameters, so nothing else may get into it.</param>
    public static void Announce(IDocumentOperations session, string topic)
    {
        if (!topic.All(char.IsAsciiLetterOrDigit))
            throw new ArgumentException($"'{topic}' is no topic.", nameof(topic));
        session.QueueSqlCommand($"notify {ChannelName}, '{topic}'");
    }

    public Subscription Subscribe(string topic)
    {
        var subscription = new Subscription(topic, this);
        subscriptions.TryAdd(subscription, 0);
        return subscription;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was: a node that hears nothing any more still works, only later; one that ends helps nobody.
                log.LogWarning("Lost the database's notifications, connecting again: {Reason}", e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(500 + Random.Shared.Next(500)), stoppingToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        connection.Notification += (_, notification) => Wake(notification.Payload);
        await using (var listen = new NpgsqlCommand($"listen {ChannelName}", connection))
            await listen.ExecuteNonQueryAsync(cancellation);
        // Whatever was announced while nobody listened is found by looking once.
        foreach (var subscription in subscriptions.Keys)
            subscription.Signal();
        while (true)
            await connection.WaitAsync(cancellation);
    }

    private void Wake(string topic)
    {
        foreach (var subscription in subscriptions.Keys)
        {
            if (string.Equals(subscription.Topic, topic, StringComparison.Ordinal))
                subscription.Signal();
        }
    }

    /// <summary>One reader's interest in one topic; wake-ups that come while it is busy fold into one.</summary>
    public sealed class Subscription : IDisposable
    {
        private readonly Channel<bool> signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private readonly Wakeups owner;

        internal Subscription(string topic, Wakeups owner) => (Topic, this.owner) = (topic, owner);

        public string Topic { get; }

        /// <summary>Waits for a wake-up, at most <paramref name="atMost"/>.</summary>
        /// <returns>Whether one came.</returns>
        public async Task<bool> WaitAsync(TimeSpan atMost, CancellationToken cancellation)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(atMost);
            try
            {
                return await signals.Reader.ReadAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return false;
            }
        }

        /// <summary>Wakes this reader alone.</summary>
        public void Signal() => signals.Writer.TryWrite(true);

        public void Dispose() => owner.subscriptions.TryRemove(this, out _);
    }
}
