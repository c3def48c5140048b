using System.CommandLine;
using Boottify.Cli;

var root = new RootCommand("Boottify from the terminal. BOOTTIFY_URL and BOOTTIFY_TOKEN say where and as whom.")
{
    AppsCommand.Create(),
    DeployCommand.Create(),
    SyncCommand.Create(),
    FollowCommand.Create(),
    QueueCommand.Create(),
    RollbackCommand.Create(),
    DomainsCommand.Create(),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (CliException e)
{
    await Console.Error.WriteLineAsync($"error: {e.Message}");
    return 2;
}
catch (HttpRequestException e)
{
    await Console.Error.WriteLineAsync($"error: {e.Message} Is BOOTTIFY_URL right, and the platform up (ops/status)?");
    return 2;
}
