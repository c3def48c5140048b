using Boottify.Cluster;
using Boottify.Contracts.Databases;
using Npgsql;

namespace Boottify.Databases;

public static class DatabasesModule
{
    /// <summary>Registers <see cref="IAppDatabases"/>.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing; the message names it.</exception>
    public static IServiceCollection AddAppDatabases(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = new RequiredSettings(configuration);
        var url = settings.Read("BOOTTIFY_APP_DATABASE_URL", "a role that may create databases and roles for apps");
        var host = settings.Read("BOOTTIFY_APP_DATABASE_HOST", "host:port at which pods reach the apps' database server");
        settings.ThrowIfMissing();
        RequiredSettings.HostAndPort("BOOTTIFY_APP_DATABASE_HOST", host);
        var connection = PostgresUrl.Parse(url, "BOOTTIFY_APP_DATABASE_URL");
        connection.ApplicationName = "boottify-apps";
        connection.MaxPoolSize = 10;
        connection.Timeout = 5;
        connection.CommandTimeout = 30;
        var instance = ClusterSettings.InstanceFrom(configuration);
        services.AddSingleton<IAppDatabases>(provider =>
            new PostgresAppDatabases(NpgsqlDataSource.Create(connection), host, instance, provider.GetRequiredService<ILogger<PostgresAppDatabases>>()));
        return services;
    }
}
