namespace Boottify.Access;

public static class AccessModule
{
    public static IServiceCollection AddAccess(this IServiceCollection services) =>
        services.AddSingleton<Vault>().AddHostedService<BootstrapToken>();

    public static void MapAccess(this IEndpointRouteBuilder api)
    {
        CreateTeam.Map(api);
        CreateToken.Map(api);
    }
}
