using Boottify.Apps;
using Boottify.Deployments.Queue;
using Boottify.Platform;
using JasperFx;
using Marten;
using Npgsql;

namespace Boottify.Deployments;

/// <summary>A wish to deploy.</summary>
/// <param name="SeenKeys">What makes two wishes the same one: the delivery, the pushed commit. Empty for a wish on purpose.</param>
public sealed record DeploymentWish(
    App App, string Commit, string Branch, string? Message, Trigger Trigger, string By, string? DeliveryId, int? ToRelease, IReadOnlyList<string> SeenKeys)
{
    /// <summary>Why, in the words of who asks.</summary>
    public string? Reason { get; init; }

    /// <summary>See <see cref="DeploymentRequested.ReturnsDomains"/>.</summary>
    public bool ReturnsDomains { get; init; }

    /// <summary>Takes nobody's place: where another deployment of the app waits, that one is the answer.</summary>
    public bool GivesWay { get; init; }

    public static string DeliveryKey(string deliveryId) => $"delivery:{deliveryId}";

    public static string CommitKey(string commit) => $"commit:{commit}";

    /// <summary>Of a wish that is made again because an older one took its place.</summary>
    public static string AgainKey(string deploymentId) => $"again:{deploymentId}";
}

/// <param name="Duplicate">The wish had come before, or gives way: this is the deployment that was there.</param>
public sealed record Accepted(Deployment Deployment, bool Duplicate);

/// <summary>
/// Takes wishes in: durable when it returns, one deployment for any number of the same wish, and never "full". A newer wish
/// takes the place of one that still waits.
/// </summary>
public sealed class DeploymentIntake(IDocumentStore store, NpgsqlDataSource database, TimeProvider time)
{
    private const string SeenSql = $"select deployment_id from {WorkTable.Seen} where app_id = @app and key = any(@keys) limit 1";
    private const string WaitingSql = $"select deployment_id from {WorkTable.Work} where app_id = @app and not running";
    private const string RememberSql = $"insert into {WorkTable.Seen} (app_id, key, deployment_id) values (?, ?, ?)";

    public async Task<Accepted> AcceptAsync(DeploymentWish wish, CancellationToken cancellation)
    {
        const int patience = 200;
        for (var tries = 1; ; tries++)
        {
            if (await SeenBeforeAsync(wish, cancellation) is { } first)
                return new Accepted(first, Duplicate: true);
            try
            {
                return await RecordAsync(wish, cancellation);
            }
            catch (Exception e) when (tries < patience && (e is ConcurrencyException || IsUniqueViolation(e)))
            {
                // Another wish for this app was taken in at the same moment; what it left decides what becomes of this one.
                await Task.Delay(Random.Shared.Next(1, Math.Min(5 * tries, 100)), cancellation);
            }
        }
    }

    private async Task<Deployment?> SeenBeforeAsync(DeploymentWish wish, CancellationToken cancellation)
    {
        if (wish.SeenKeys.Count == 0)
            return null;
        await using var command = database.CreateCommand(SeenSql);
        command.Parameters.AddWithValue("app", wish.App.Id);
        command.Parameters.AddWithValue("keys", wish.SeenKeys.ToArray());
        if (await command.ExecuteScalarAsync(cancellation) is not string id)
            return null;
        await using var session = store.QuerySession();
        return await session.LoadAsync<Deployment>(id, cancellation);
    }

    private async Task<Accepted> RecordAsync(DeploymentWish wish, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        var now = await RequestMoment.NextAsync(session, wish.App.Id, time, cancellation);
        var requested = new DeploymentRequested(
            AppIds.NewDeployment(now), wish.App.Id, wish.App.Name, wish.App.TeamId, wish.Commit, wish.Branch, wish.Message,
            wish.Trigger, wish.By, wish.DeliveryId, wish.ToRelease, now)
        {
            Reason = wish.Reason,
            ReturnsDomains = wish.ReturnsDomains,
        };

        if (await WaitingAsync(wish.App.Id, cancellation) is { } waitingId
            && await session.LoadAsync<Deployment>(waitingId, cancellation) is { Ended: false } waiting)
        {
            if (wish.GivesWay)
                return new Accepted(waiting, Duplicate: true);
            session.Events.Append(waiting.Id, waiting.Version + 1, new DeploymentSuperseded(requested.DeploymentId, now));
            WorkQueue.Remove(session, waiting.Id);
            Wakeups.Announce(session, waiting.Id);
        }

        session.Events.StartStream<Deployment>(requested.DeploymentId, requested);
        foreach (var key in wish.SeenKeys)
            session.QueueSqlCommand(RememberSql, wish.App.Id, key, requested.DeploymentId);
        WorkQueue.Enqueue(session, requested);
        await session.SaveChangesAsync(cancellation);
        return new Accepted(Deployment.Create(requested), Duplicate: false);
    }

    private async Task<string?> WaitingAsync(string appId, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(WaitingSql);
        command.Parameters.AddWithValue("app", appId);
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    private static bool IsUniqueViolation(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
                return true;
        }

        return false;
    }
}
