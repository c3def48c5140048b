using Marten;
using Weasel.Core;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace Boottify.Deployments.Queue;

/// <summary>
/// The tables behind the queue. They hold no history, only who may run what now; every row could be made again from the
/// streams. Two unique indexes let the database itself refuse a second running, or a second waiting, deployment of an app.
/// </summary>
public static class WorkTable
{
    public const string Schema = "boottify";

    /// <summary>A row per deployment that has not ended.</summary>
    public const string Work = Schema + ".work";

    /// <summary>What was seen before: webhook deliveries and pushed commits, by app.</summary>
    public const string Seen = Schema + ".seen";

    public static void AddTo(StoreOptions options)
    {
        options.Storage.ExtendedSchemaObjects.Add(WorkSchema());
        options.Storage.ExtendedSchemaObjects.Add(SeenSchema());
    }

    private static Table WorkSchema()
    {
        var table = new Table(PostgresqlProvider.Instance.Parse(Work));
        table.AddColumn("deployment_id", "text").AsPrimaryKey();
        table.AddColumn("app_id", "text").NotNull();
        table.AddColumn("team_id", "text").NotNull();
        table.AddColumn("builds", "boolean").NotNull();
        table.AddColumn("queued_at", "timestamptz").NotNull();
        table.AddColumn("running", "boolean").NotNull().DefaultValueByExpression("false");
        table.AddColumn("node", "text");
        table.AddColumn("lease_until", "timestamptz");
        table.AddColumn("claims", "integer").NotNull().DefaultValueByExpression("0");
        table.Indexes.Add(new IndexDefinition("work_one_running_per_app") { Columns = ["app_id"], IsUnique = true, Predicate = "running" });
        table.Indexes.Add(new IndexDefinition("work_one_waiting_per_app") { Columns = ["app_id"], IsUnique = true, Predicate = "not running" });
        return table;
    }

    private static Table SeenSchema()
    {
        var table = new Table(PostgresqlProvider.Instance.Parse(Seen));
        table.AddColumn("app_id", "text").AsPrimaryKey();
        table.AddColumn("key", "text").AsPrimaryKey();
        table.AddColumn("deployment_id", "text").NotNull();
        table.AddColumn("at", "timestamptz").NotNull().DefaultValueByExpression("now()");
        return table;
    }
}
