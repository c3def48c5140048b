using Boottify.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Challenges;
using Boottify.Edge.Files;
using Boottify.Edge.Http;
using Boottify.Edge.Routes;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders().AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
    .AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));

var settings = EdgeSettings.Read(builder.Configuration);
var folders = new EdgeFolders(settings);
folders.Prepare(settings);
builder.Services.AddEdge(settings, folders);
builder.WebHost.UseUrls().ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(settings.ListenEndPoint);
    kestrel.ListenForChallenges(folders.ChallengeSocket);
});

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseChallengeListener();
app.MapHealthAndMetrics();
app.MapRoutes();
app.MapConnections();
app.MapCertificates();
await app.RunAsync();
