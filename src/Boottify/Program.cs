using Boottify.Access;
using Boottify.Apps;
using Boottify.Branches;
using Boottify.Dashboard;
using Boottify.Deployments;
using Boottify.Domains;
using Boottify.Housekeeping;
using Boottify.Logs;
using Boottify.Platform;
using Boottify.Webhooks;
using JasperFx;

// Settings stand beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddPlatform();
builder.Services
    .AddAccess()
    .AddApps()
    .AddLogs()
    .AddDeployments()
    .AddHousekeeping()
    .AddWebhooks()
    .AddBranches()
    .AddDomains()
    .AddOutsideWorld(builder.Configuration);

var app = builder.Build();
app.UsePlatform();
var api = app.MapApi();
api.MapAccess();
api.MapApps();
api.MapDeployments();
api.MapHousekeeping();
api.MapBranches();
api.MapDomains();
api.MapLogs();
api.MapWebhooks();
app.MapDashboard();
app.RefuseUnguardedEndpoints();
return await app.RunJasperFxCommands(args);

/// <summary>Named so that tests can start it.</summary>
public partial class Program;
