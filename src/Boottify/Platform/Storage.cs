using System.Text.Json;
using System.Text.Json.Serialization;
using Boottify.Access;
using Boottify.Apps;
using Boottify.Branches;
using Boottify.Builds;
using Boottify.Contracts.Databases;
using Boottify.Databases;
using Boottify.Deployments;
using Boottify.Deployments.Queue;
using Boottify.Domains;
using Boottify.Logs;
using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.CodeGeneration.Model;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;
using Weasel.Core;
using Wolverine;
using Wolverine.Marten;

namespace Boottify.Platform;

/// <summary>The event store, its projections, and the messages that commit with them.</summary>
public static class Storage
{
    public static void AddStorage(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => NpgsqlDataSource.Create(
            PostgresUrl.ToConnectionString(services.GetRequiredService<PlatformSettings>().DatabaseUrl)));
        builder.Services.AddMarten(services =>
            {
                var options = new StoreOptions();
                Configure(options);
                return options;
            })
            .UseLightweightSessions()
            .UseNpgsqlDataSource()
            .IntegrateWithWolverine(wolverine => wolverine.MessageStorageSchemaName = "wolverine")
            .ApplyAllDatabaseChangesOnStartup()
            .AddAsyncDaemon(DaemonMode.HotCold);
        var longestStep = new StepDeadlines(BuildSettings.From(builder.Configuration), builder.Configuration).Longest;
        builder.Host.UseWolverine(options => Configure(options, longestStep));
    }

    private static void Configure(StoreOptions options)
    {
        options.DatabaseSchemaName = WorkTable.Schema;
        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.UseArchivedStreamPartitioning = true;
        options.Events.UseOptimizedProjectionRebuilds = true;
        options.Events.UseListenNotifyForEventAppends = true;
        options.Events.UseAdvisoryLockTransaction = true;
        options.AutoCreateSchemaObjects = AutoCreate.CreateOrUpdate;
        options.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, json =>
            json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull);

        options.Projections.Snapshot<Team>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<App>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<Domain>(SnapshotLifecycle.Inline);
        options.Projections.Snapshot<Deployment>(SnapshotLifecycle.Inline);
        options.Projections.Add<LogChunkProjection>(ProjectionLifecycle.Inline);
        options.Projections.Add<LatestDeploymentProjection>(ProjectionLifecycle.Async);

        options.Schema.For<App>().Index(a => a.TeamId).Index(a => a.Repository.Url);
        options.Schema.For<Domain>().Index(d => d.AppId);
        options.Schema.For<Deployment>().Index(d => d.AppId);
        options.Schema.For<LogChunk>().Duplicate(c => c.DeploymentId).Duplicate(c => c.Last).Index(c => new { c.DeploymentId, c.Last });
        WorkTable.AddTo(options);
        BranchHeads.AddTo(options);
        DomainTable.AddTo(options);
    }

    private static void Configure(WolverineOptions options, TimeSpan longestStep)
    {
        options.ApplicationAssembly = typeof(Storage).Assembly;
        options.Policies.UseDurableLocalQueues();
        // A step's own deadline is the one that counts; this is the longest of them, and a bit.
        options.DefaultExecutionTimeout = longestStep + TimeSpan.FromMinutes(5);
        // What ops/generate has written: nothing is compiled at the start.
        options.CodeGeneration.TypeLoadMode = TypeLoadMode.Static;
        // Typed HTTP clients come out of a factory, which generated code can only ask for by service location.
        options.ServiceLocationPolicy = ServiceLocationPolicy.AlwaysAllowed;
        var durability = options.Durability;
        durability.HealthCheckPollingTime = TimeSpan.FromSeconds(1);
        durability.StaleNodeTimeout = TimeSpan.FromSeconds(5);
        durability.CheckAssignmentPeriod = TimeSpan.FromSeconds(2);
        durability.NodeReassignmentPollingTime = TimeSpan.FromSeconds(1);
        durability.ScheduledJobPollingTime = TimeSpan.FromSeconds(1);
        durability.OrphanedMessageSweepPollingTime = TimeSpan.FromSeconds(1);
    }
}
